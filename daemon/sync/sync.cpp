// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync/sync.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/fault_point.hpp"
#include "crypto/hash.hpp"
#include "crypto/seams.hpp"
#include "daemon/errc/errc.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

Hash known_hash(const wire::Heads& heads) { return crypto::sha256(encode(heads)); }

// True if the error is about the server's history, and not about its absence.
bool about_history(const boost::system::error_code& error) {
  switch (class_of(error)) {
    case Errc::tamper:
    case Errc::gap:
    case Errc::rollback:
    case Errc::fork:
    case Errc::downgrade:
    case Errc::limit:
    case Errc::keystate:
      return true;
    default:
      return false;
  }
}

std::chrono::milliseconds round_time() {
  return std::chrono::seconds{crypto::seams::amount("round.seconds", limits::round_deadline.count())};
}

}  // namespace

Sync::Sync(std::shared_ptr<LocalVault> device, HttpClient http)
    : device_(std::move(device)),
      http_(std::move(http)),
      remote_(http_, device_->profile.account),
      bounded_(remote_.within(patience_)),
      pull_(bounded_, device_->writer, device_->store, device_->threads, device_->profile.vault),
      turn_(device_->executor, 1),
      round_turn_(device_->executor, 1),
      uploads_(
          device_->executor, device_->threads, device_->blobs, remote_, [this] { return may_send(); },
          [this] { kick(); }),
      news_(device_->executor, remote_,
            [this] {
              if (idle_) wait_.cancel();
            }),
      acks_(device_),
      merges_(device_),
      wait_(device_->executor),
      success_kept_(device_->standing.last_success) {
  use_acting_key();
}

void Sync::use_acting_key() { use_key(device_->acting(), device_->acting_net()); }

void Sync::use_key(const DeviceId& device, const Secret& seed) {
  auto net = std::make_shared<const crypto::RequestSigner>(crypto::RequestSigner::from_seed(seed));
  remote_.use_key(device_->profile.vault, device, [net](BytesView message) { return net->sign_request(message); });
}

asio::awaitable<Sync::Pause> Sync::pause() {
  if (in_round_) patience_.cut();
  auto turn = co_await round_turn();
  patience_.begin(round_time());
  co_return turn;
}

void Sync::interrupt() {
  patience_.cut();
  tell(std::exchange(answering_, {}), DaemonErrc::interrupted);
  tell(std::exchange(asked_, {}), DaemonErrc::interrupted);
}

asio::awaitable<Sync::Pause> Sync::round_turn() {
  const auto [error] =
      co_await round_turn_.async_send(boost::system::error_code{}, asio::as_tuple(asio::use_awaitable));
  if (error) throw boost::system::system_error{make_error_code(asio::error::operation_aborted)};  // as others report it
  co_return Pause{*this};
}

void Sync::kick() {
  kicked_ = true;
  wait_.cancel();
}

asio::awaitable<void> Sync::wait_for(std::chrono::milliseconds time) {
  if (kicked_) co_return;
  wait_.expires_after(time);
  co_await wait_.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Drops unused connections, which may be of the old network. A listening one is probed; without one, a round finds out
// at once, whatever was tried before.
void Sync::network_changed() {
  http_.drop_kept();
  backoff_.reset();
  const bool listens = news_.probe();
  if (!listens || last_error_) kick();
}

asio::awaitable<void> Sync::wait_for_news() {
  idle_ = true;
  const auto next = [this] { return std::min(news_.due(), acks_.due()); };
  for (auto due = next(); !kicked_ && due > std::chrono::steady_clock::now(); due = next()) {
    wait_.expires_at(due);
    co_await wait_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  idle_ = false;
}

// Waits after a failure. A request of the user ends the wait at once, a local write after a second: a thousand writes
// off-line are not a thousand tries.
asio::awaitable<void> Sync::back_off(const boost::system::error_code& why) {
  const auto end = std::chrono::steady_clock::now() + backoff_.after(why);
  co_await wait_for(Backoff::first);
  if (asked_.empty() && kicked_) {
    kicked_ = false;
    co_await wait_for(Backoff::first);
    co_return;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  if (asked_.empty() && left.count() > 0) co_await wait_for(left);
}

// Listens. Does not throw when cancelled: if rounds() throws too, only multiple_exceptions is reported.
asio::awaitable<void> Sync::listen() {
  try {
    co_await news_.listen();
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;
  }
}

asio::awaitable<void> Sync::run() {
  const Network network{device_->executor, [this] { network_changed(); }};
  co_await (rounds() && listen() && uploads_.run());
}

asio::awaitable<void> Sync::rounds() {
  for (;;) {
    const auto keyring = device_->keyring;
    const auto result = co_await round_in_turn();
    if (result) {
      backoff_.reset();
      uploads_.kick();
      news_.round_was_good(known_hash(seen_), result->pulled > 0 || device_->keyring != keyring);
      co_await wait_for_news();
    } else if (result.error() != DaemonErrc::interrupted) {
      co_await back_off(result.error());
    }
  }
}

asio::awaitable<Result<SyncCounts>> Sync::now(std::chrono::seconds timeout, bool limit) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  auto counts = co_await one_round(end);
  while (counts && uploads_.waiting()) {
    const auto settled = co_await uploads_.settled(timeout, limit ? std::optional{end} : std::nullopt);
    if (!settled) co_return settled.error();
    const auto more = co_await one_round(limit ? end : std::chrono::steady_clock::now() + timeout);
    if (!more) co_return more.error();
    counts->pulled += more->pulled;
    counts->pushed += more->pushed;
  }
  co_return counts;
}

asio::awaitable<Result<SyncCounts>> Sync::one_round(std::chrono::steady_clock::time_point end) {
  auto answer = std::make_shared<Answer>(device_->executor, 1);
  asked_.push_back(answer);
  kick();
  asio::steady_timer timer{device_->executor, end};
  const auto result =
      co_await (answer->async_receive(asio::as_tuple(asio::use_awaitable)) || timer.async_wait(asio::use_awaitable));
  if (result.index() == 1) co_return Errc::busy;
  const auto& [error, counts] = std::get<0>(result);
  if (error) co_return error;
  co_return counts;
}

void Sync::tell(const Asked& asked, const Result<SyncCounts>& result) {
  for (const auto& answer : asked)
    answer->try_send(result ? boost::system::error_code{} : result.error(), result ? *result : SyncCounts{});
}

// Runs a round when it is its turn. The round answers everybody who asked before it begins, also those who asked while
// it waited: a person must hear what became of their change.
asio::awaitable<Result<SyncCounts>> Sync::round_in_turn() {
  const auto others = co_await round_turn();
  answering_ = std::exchange(asked_, {});
  kicked_ = false;
  news_.round_begins();
  patience_.begin(round_time());
  const auto result = co_await round();
  const auto asked = std::exchange(answering_, {});
  if (!result && result.error() == DaemonErrc::interrupted) asked_.insert(asked_.begin(), asked.begin(), asked.end());
  else tell(asked, result);
  co_return result;
}

asio::awaitable<Result<SyncCounts>> Sync::round() {
  in_round_ = true;
  auto result = co_await pull_and_push();
  if (!result) result = co_await reject(result.error());
  in_round_ = false;
  if (!result && result.error() == DaemonErrc::interrupted) co_return result;
  ++totals_.rounds;
  totals_.failed += result ? 0u : 1u;
  totals_.commits.pulled += result ? result->pulled : 0u;
  totals_.commits.pushed += result ? result->pushed : 0u;
  last_error_.reset();
  if (!result) last_error_ = result.error();
  if (result) device_->refusal_checked = false;
  online_ = result || class_of(result.error()) != Errc::offline;
  co_return result;
}

asio::awaitable<Result<SyncCounts>> Sync::pull_and_push() {
  const auto pulled = co_await pull();
  if (!pulled) co_return pulled.error();
  if (device_->standing.distrust) co_return DaemonErrc::distrusted;
  if (device_->standing.roll == IdentityReason::refused &&
      !device_->unsent)  // the server takes our key: the question is answered
    (void)co_await device_->remember([](Standing& s) { s.roll = IdentityReason::none; });
  if (device_->unsent)
    if (const auto sent = co_await send_roll(seen_); !sent) co_return sent.error();
  if (device_->standing.roll != IdentityReason::none) co_return DaemonErrc::roll_pending;
  if (device_->unsent_change)
    if (const auto sent = co_await push_change(); !sent) co_return sent.error();
  co_await adopt();
  co_await merges_.settle();
  co_await acks_.tell();
  const auto pushed = co_await push();
  if (!pushed) co_return pushed.error();
  co_return SyncCounts{*pulled, *pushed};
}

bool Sync::may_send() const {
  const bool trusted =
      !device_->standing.distrust && device_->standing.roll == IdentityReason::none && !device_->unsent;
  return trusted && online_ && !last_error_;
}

// Requires a new identity. The first reason stands, since later ones follow from it; but `refused` is a question.
asio::awaitable<Result<void>> Sync::require_identity(IdentityReason reason) {
  const auto known = device_->standing.roll;
  if (known == reason || (known != IdentityReason::none && known != IdentityReason::refused)) co_return Result<void>{};
  co_return co_await device_->remember([reason](Standing& s) { s.roll = reason; });
}

// Handles a refused answer. Nothing changes but what is remembered of the server.
asio::awaitable<boost::system::error_code> Sync::reject(boost::system::error_code error) {
  if (class_of(error) == Errc::auth && device_->refusal_checked) co_return DaemonErrc::device_refused;
  if (class_of(error) == Errc::auth) {
    (void)co_await require_identity(IdentityReason::refused);
    co_return device_->standing.roll == IdentityReason::refused ? DaemonErrc::refusal_pending
                                                                : DaemonErrc::roll_pending;
  }
  if (!about_history(error) || error == DaemonErrc::distrusted) co_return error;
  log::warning("the server's answer was refused", {{"error", error}});
  const auto klass = class_of(error);
  if (klass == Errc::fork && std::exchange(fork_shown_, false)) co_await keep_proofs(seen_);
  if (klass == Errc::rollback || klass == Errc::fork) {
    (void)co_await device_->remember([klass](Standing& s) {
      if (s.distrust != Errc::fork) s.distrust = klass;  // only a person ends a fork
    });
  } else if (klass == Errc::keystate) {
    (void)co_await require_identity(IdentityReason::server);
    error = DaemonErrc::roll_pending;
  }
  fault_point("reject.remembered");
  if (klass == Errc::keystate) co_return error;  // the waiting keyrings may have the password for the new identity
  const auto verified = device_->heads();
  const auto keyrings = device_->unlocked ? Pull::Keyrings::dropped : Pull::Keyrings::kept;  // these are signed
  if (verified) (void)co_await pull_.drop_unverified(*verified, device_->profile.device, keyrings);
  co_return error;
}

}  // namespace vault::daemon
