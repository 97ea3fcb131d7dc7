// SPDX-License-Identifier: Apache-2.0
// Joins a vault with the password alone, even with all other devices off: logs in, believes nothing that the password
// does not prove, pulls and verifies everything, then adds this device to the keyring.
#include "base/fault_point.hpp"
#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/enrol/joining.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/trust.hpp"

namespace vault::daemon {
namespace {

constexpr int attempts = 16;  // tries against a keyring that others change at the same moment

}  // namespace

asio::awaitable<Result<void>> Joining::pull_keychain() {
  auto heads = co_await remote_->heads();
  if (!heads) co_return heads.error();
  auto versions = co_await pull_keyrings(*remote_, 1, heads->keyring);
  if (!versions) co_return versions.error();
  auto accept = [versions = *versions, proof = proof()] { return proof(versions); };
  auto keychain = co_await run_on(threads_.worker, std::move(accept));
  if (!keychain) co_return keychain.error();
  heads_ = std::move(*heads);
  versions_ = std::move(*versions);
  keychain_ = *keychain;
  co_return Result<void>{};
}

Joining::Proof Joining::proof() const {
  return [root = root_, terms = terms_](const std::vector<Sealed>& versions) {
    return Keychain::accept(versions, *root, terms);
  };
}

// Checks that an active device made a checkpoint with the expected code. Spaces do not count.
asio::awaitable<Result<void>> Joining::expects(std::vector<Reference> checkpoints, std::map<DeviceId, Head>) {
  if (!request_.expect) co_return Result<void>{};
  const bool found = std::any_of(checkpoints.begin(), checkpoints.end(), [&](const auto& checkpoint) {
    return keychain_->device(checkpoint.device)->active &&
           is_same_code(crypto::state_code(terms_.vault, checkpoint.head.hash), *request_.expect);
  });
  co_return found ? Result<void>{} : DaemonErrc::code_unknown;
}

asio::awaitable<Result<void>> Joining::pull_chains() {
  Pull pull{*remote_, *writer_, store_, threads_, terms_.vault};
  const auto until = other_heads(heads_, DeviceId{});
  const auto fetched = co_await pull.chains(until, signers_of(*keychain_));
  Result<Verified> verified{fetched ? make_error_code(Errc::gap) : fetched.error()};
  auto pulled = std::make_shared<Contents>();
  auto work = [store = store_, keychain = keychain_, until, pulled] {
    const auto take = [&pulled](const std::string& name, Version version) { pulled->add(name, std::move(version)); };
    return verify(*store, *keychain, {}, until, DeviceId{}, take);
  };
  if (fetched) verified = co_await run_on(threads_.worker, std::move(work));
  if (!verified) {
    if (class_of(verified.error()) != Errc::offline) (void)co_await pull.drop_unverified({}, DeviceId{});
    co_return verified.error();
  }
  const auto expected = co_await expects(verified->findings.checkpoints, heads_of(verified->ledger));
  if (!expected) {
    (void)co_await pull.drop_unverified({}, DeviceId{});
    co_return expected.error();
  }
  pulled->ledger = std::move(verified->ledger);
  pulled_ = std::move(*pulled);
  co_return Result<void>{};
}

KeyringChange Joining::change_for(const Identity& identity) const {
  return {.author = identity.id,
          .root = *root_,
          .joins = {entry_of(identity)},
          .cuts = {},
          .heads = heads_of(pulled_.ledger)};
}

bool Joining::is_there(const Sealed& keyring, std::uint32_t version) const {
  return keychain_->hash_of(version) == crypto::keyring_hash(keyring.view());
}

// True if it is the next version after the verified ones.
bool Joining::follows(const Sealed& keyring) const {
  const auto decoded = wire::decode_keyring_header(keyring.view());
  return decoded && decoded->header.version == keychain_->head().version + 1 &&
         decoded->header.prev == keychain_->head_hash();
}

// Resumes what an earlier try left. A journaled version may have been sent: it is sent again, byte for byte, until it
// is there or another one is verified in its place. A second one beside it would be a fork that we made ourselves.
asio::awaitable<Result<void>> Joining::take_up() {
  auto found = journal();
  if (!found) co_return found.error();
  const bool same = *found && (*found)->profile.vault == terms_.vault;
  const bool there = same && is_there((*found)->keyring, (*found)->version);
  const bool replaced = same && !there && (*found)->version <= keychain_->head().version;
  if (!same || replaced) co_return co_await begin(terms_.vault);
  if (!there && !follows((*found)->keyring)) co_return Errc::rollback;  // what it follows was verified, and is gone
  if (const auto may = co_await judge((*found)->keyring); !may) co_return may;
  sent_ = (*found)->keyring;
  co_return resume(**found);
}

// Tries the compare-and-swap once; Done::no if somebody else was first.
asio::awaitable<Result<Enrolment::Done>> Joining::enrol_self() {
  if (!sent_ || !follows(*sent_)) {
    if (!identity_)
      identity_ = std::make_shared<const Identity>(
          fresh_identity(keychain_->newest_vault_key(), terms_.vault, keychain_->head_hash()));
    auto made = next_keyring(*keychain_, change_for(*identity_));
    if (!made) co_return made.error();
    if (const auto kept = co_await keep(*identity_, keychain_->head().version + 1, *made); !kept)
      co_return kept.error();
    fault_point("join.journaled");
    sent_ = std::move(*made);
  }
  fault_point("join.before-send");
  std::optional<wire::KeyringHead> other;
  const auto put = co_await remote_->put_keyring(*sent_, other);
  fault_point("join.answered");
  if (!put && other) co_return Done::no;
  if (!put) co_return put.error();
  auto next = keychain_->accept_next(*sent_, identity_->id, identity_->box);
  if (!next) co_return next.error();
  keychain_ = *next;
  versions_.push_back(*sent_);
  co_return Done::yes;
}

asio::awaitable<Result<void>> Joining::enrol() {
  for (int i = 0; i < attempts; ++i) {
    if (identity_ && keychain_->device(identity_->id) != nullptr) co_return Result<void>{};
    const auto done = co_await enrol_self();
    if (!done) co_return done.error();
    if (*done == Done::yes) co_return Result<void>{};
    if (const auto ok = co_await pull_keychain(); !ok) co_return ok;
    if (const auto ok = co_await pull_chains(); !ok) co_return ok;
  }
  co_return Errc::conflict;
}

asio::awaitable<Enrolled> Joining::join() {
  if (const auto ok = co_await prepare(); !ok) co_return ok.error();
  const auto login = co_await remote_->prelogin();
  if (!login) co_return login.error();
  terms_ = {request_.account, login->suite, login->vault, login->seed};
  const auto root = co_await derive_for(terms_);
  if (!root) co_return root.error();
  root_ = *root;
  use_password_key();
  if (const auto ok = co_await pull_keychain(); !ok) co_return ok.error();
  if (const auto ok = co_await open_store(); !ok) co_return ok.error();
  co_return co_await go_on();
}

asio::awaitable<Enrolled> Joining::go_on() {
  if (const auto ok = co_await take_up(); !ok) co_return ok.error();
  if (const auto ok = co_await pull_chains(); !ok) co_return ok.error();
  if (const auto ok = co_await prepare_change(); !ok) co_return ok.error();
  if (const auto ok = co_await enrol(); !ok) co_return ok.error();
  co_return co_await finish(true);
}

asio::awaitable<Enrolled> join_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                     EnrolRequest request) {
  Joining joining{std::move(executor), threads, std::move(folder), std::move(request)};
  co_return co_await joining.join();
}

}  // namespace vault::daemon
