// SPDX-License-Identifier: Apache-2.0
// Keeps a device and its server the same: pulls, verifies and pushes, again and again. wire/PROTOCOL.md §6.
//
// A round asks for the heads, fetches what is new, verifies it if the vault is unlocked, stores it in one step, and
// sends what the server has not acknowledged. A locked vault fetches and sends; what it fetched waits for the key.
#pragma once

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "daemon/blobs/uploads.hpp"
#include "daemon/chain/verifier.hpp"
#include "daemon/items/auto_merge.hpp"
#include "daemon/items/late_writes.hpp"
#include "daemon/os/network.hpp"
#include "daemon/remote/backoff.hpp"
#include "daemon/remote/pull.hpp"
#include "daemon/remote/remote.hpp"
#include "daemon/sync/acks.hpp"
#include "daemon/sync/notices.hpp"
#include "daemon/vault/local_vault.hpp"
#include "http/client.hpp"

namespace vault::daemon {

struct SyncCounts {
  std::uint64_t pulled = 0, pushed = 0;  // commits
};

// Counts since the daemon started.
struct SyncTotals {
  std::uint64_t rounds = 0, failed = 0;
  SyncCounts commits;
};

class Sync {
 public:
  Sync(std::shared_ptr<LocalVault> device, HttpClient http);

  // Runs rounds until cancelled: at once, when the server has changes, when there is something to push, and from time
  // to time; after a failure with back-off.
  asio::awaitable<void> run();

  // Runs a whole round, and if large values wait, sends them and runs the rounds after that. Errors: those of a round;
  // busy after `timeout`: of the whole, or without `limit` of a time without progress.
  asio::awaitable<Result<SyncCounts>> now(std::chrono::seconds timeout, bool limit = true);

  // Starts a round soon: there is something to push, or a reason to try at once.
  void kick();

  // Keeps rounds from running while it lives: nothing is pulled or pushed. A round under way stops waiting for the
  // server; a later round answers those who asked for it.
  class Pause {
   public:
    explicit Pause(Sync& sync) : sync_(&sync) {}
    Pause(Pause&& from) noexcept : sync_(std::exchange(from.sync_, nullptr)) {}
    Pause& operator=(Pause&&) = delete;
    ~Pause() {
      if (sync_ != nullptr) sync_->round_turn_.try_receive([](boost::system::error_code) {});
    }

   private:
    Sync* sync_;
  };
  asio::awaitable<Pause> pause();

  // Ends the round under way with interrupted, and with it all that wait for one. For use when the vault is locked.
  void interrupt();

  // Signs requests with the identity that the server has.
  void use_acting_key();

  HttpClient& http() { return http_; }
  Remote& remote() { return remote_; }
  const Uploads& uploads() const { return uploads_; }

  // Sends the waiting change to a distrusted server; nothing else is believed or sent. Errors: distrusted if the
  // server's keyring is another one; those of Remote.
  asio::awaitable<Result<void>> push_change_distrusted();

  // Accepts the keyrings that the server has, with as much of each chain as they name and nothing beyond. Errors:
  // locked, those of a round; then nothing is accepted.
  asio::awaitable<Result<void>> follow_keyrings();

  // Verifies what was pulled while the vault was locked, if all of it is there. Requires: not cancelled.
  asio::awaitable<void> verify_waiting();

  bool in_round() const { return in_round_; }
  const std::optional<boost::system::error_code>& last_error() const { return last_error_; }  // of the last round
  bool online() const { return online_; }
  const SyncTotals& counts() const { return totals_; }

 private:
  using Answer = asio::experimental::channel<void(boost::system::error_code, SyncCounts)>;

  asio::awaitable<Pause> round_turn();
  asio::awaitable<void> rounds();
  asio::awaitable<void> listen();
  asio::awaitable<Result<SyncCounts>> one_round(std::chrono::steady_clock::time_point end);
  asio::awaitable<Result<SyncCounts>> round_in_turn();
  asio::awaitable<Result<SyncCounts>> round();
  asio::awaitable<Result<SyncCounts>> pull_and_push();
  void use_key(const DeviceId& device, const Secret& seed);
  asio::awaitable<Result<wire::Heads>> ask_heads();
  asio::awaitable<Result<std::uint64_t>> pull();
  asio::awaitable<Result<void>> keep_pulled(std::vector<Sealed> versions);
  struct Named {
    std::map<DeviceId, Head> heads;
    Signers signers;
  };
  asio::awaitable<Result<Named>> named_by_waiting();
  asio::awaitable<Result<std::uint64_t>> meet_identity(Sealed version);
  bool shows_no_more(const wire::Heads& served) const;
  asio::awaitable<Result<std::optional<Signers>>> signers();
  asio::awaitable<Result<void>> compare_own(const wire::Heads& served);
  asio::awaitable<Result<void>> judge_own_head(Head served);
  class Turn {  // while it lives nothing is verified or taken to be sent
   public:
    explicit Turn(Sync& sync) : sync_(&sync) {}
    Turn(Turn&& from) noexcept : sync_(std::exchange(from.sync_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (sync_ != nullptr) sync_->turn_.try_receive([](boost::system::error_code) {});
    }

   private:
    Sync* sync_;
  };
  asio::awaitable<Turn> take_turn();
  enum class Outcome { waits, verified };  // waits for the key; verified for good
  asio::awaitable<Result<Outcome>> verify_all(std::map<DeviceId, Head> until);
  asio::awaitable<Result<Outcome>> verify_in_turn(std::map<DeviceId, Head> until);
  asio::awaitable<Result<std::uint64_t>> push();
  bool may_send() const;  // the last round found nothing against it
  asio::awaitable<Result<void>> send_roll(const wire::Heads& served);
  asio::awaitable<Result<void>> push_change();
  asio::awaitable<Result<std::vector<Sealed>>> take_page();
  asio::awaitable<void> adopt();
  enum class Shown { nothing, proof };  // of a fork
  asio::awaitable<Result<Shown>> keep_proof(DeviceId device, Head known);
  asio::awaitable<Result<Shown>> has_other_keyring(Hash hash);
  asio::awaitable<boost::system::error_code> judge_fork(wire::Heads served);
  asio::awaitable<void> keep_proofs(wire::Heads served);
  asio::awaitable<Result<void>> require_identity(IdentityReason reason);
  boost::system::error_code judge_own(const Sealed& commit) const;
  asio::awaitable<boost::system::error_code> reject(boost::system::error_code error);
  asio::awaitable<void> wait_for_news();
  void network_changed();
  asio::awaitable<void> back_off(const boost::system::error_code& why);
  asio::awaitable<void> wait_for(std::chrono::milliseconds time);

  std::shared_ptr<LocalVault> device_;
  HttpClient http_;
  Remote remote_;
  Patience patience_;  // with the server; of a round, and of what a person does in its place
  Remote bounded_;     // remote_ within patience_
  Pull pull_;
  asio::experimental::channel<void(boost::system::error_code)> turn_;        // has a token while something verifies
  asio::experimental::channel<void(boost::system::error_code)> round_turn_;  // has one while a round runs, or none may
  Uploads uploads_;
  Notices news_;
  Acks acks_;
  AutoMerge merges_;
  asio::steady_timer wait_;  // of run(); ended early by kick(), and by notices unless a back-off runs
  // True if the server has itself shown the fork, and so may know it: only then is it asked for the proof. After a fork
  // that sealed commits revealed, what is sent must look as after any other failure.
  bool fork_shown_ = false;
  bool kicked_ = false, idle_ = false;
  Backoff backoff_;
  using Asked = std::vector<std::shared_ptr<Answer>>;
  static void tell(const Asked& asked, const Result<SyncCounts>& result);
  Asked asked_, answering_;  // asked by now() for the next round; answered by the one under way
  wire::Heads seen_;         // the server's heads after the whole last round
  SyncTotals totals_;
  std::map<DeviceId, Head> adopted_;  // ends of former identities' chains, by adopt()
  std::uint64_t success_kept_ = 0;    // the time of success that is on the disk
  bool in_round_ = false, online_ = false;
  std::optional<boost::system::error_code> last_error_;
};

// Compares what is served with what was verified: keyrings and other devices' chains. Errors: rollback, fork.
Result<void> compare_with_known(const LocalVault& device, const wire::Heads& served);

}  // namespace vault::daemon
