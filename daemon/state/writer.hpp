// SPDX-License-Identifier: Apache-2.0
// Makes the commits of this device. They come into being nowhere else.
//
// Callers are on the event loop; they plan a commit (its seq and content) and wait. The writer's thread takes all plans
// that have gathered, and in one LMDB transaction takes their counters, seals, signs, and stores commits, head and
// counter. So they share the cost of one fsync, and no counter is used unless the store durably counts it as used.
// While one batch is made durable the next one gathers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/secret.hpp"
#include "crypto/identity.hpp"
#include "daemon/keyring/keychain.hpp"
#include "daemon/os/threads.hpp"
#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {

struct CommitPlan {
  std::shared_ptr<const crypto::Identity> keys;
  std::shared_ptr<const Keychain> keychain;  // the commit names its newest keyring version
  wire::CommitKind kind = wire::CommitKind::data;
  std::uint64_t seq = 0;  // head's seq + 1 + the plans before this one
  Secret content;         // FORMAT.md §6; for an epoch commit or a jump the seen vector alone
  Head after = {};        // for a jump: where it continues
  std::optional<Sealed>
      // Stored with a commit that opens an epoch: the local state that holds the epoch's key.
      identity;
  std::vector<std::pair<BlobId, store::BlobRow>> blobs = {};  // those it names that the server does not have
};

struct Written {
  Head head;
  std::uint64_t counter_end = 0;  // the next counter value
};

class Writer {
 public:
  using Applied = std::function<asio::awaitable<void>(Written)>;

  // Calls `failed` when plans could not be stored. None of those and none queued behind them is stored: they build on
  // the failed ones.
  Writer(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store,
         std::function<void()> failed);

  // Sets what is called for every batch: `durable`, on the writer's thread, with its last commit; then `told`, on the
  // loop, before any caller is answered.
  void on_batch(std::function<void(const CommitPlan& last, const Written& written)> durable,
                std::function<void()> told) {
    durable_ = std::make_shared<const Durable>(std::move(durable));
    told_ = std::move(told);
  }

  // Returns when the commit is durable and `applied` has run. `applied` runs on the loop, in the order of the plans,
  // one at a time, even if this caller is gone by then. Errors: counter_exhausted, storage.
  asio::awaitable<Result<Written>> append(CommitPlan plan, Applied applied);

  // Queues the plan like append(), without waiting. Plans are stored in the order of the calls.
  void enqueue(CommitPlan plan, Applied applied) { (void)take(std::move(plan), std::move(applied)); }

  // Returns when no plan waits.
  asio::awaitable<void> idle();

  // Runs any other transaction, body(WriteTxn&), on the writer's thread between batches.
  template <class F>
  auto write(F body) {
    return run_on(threads_.writer, [store = store_, body = std::move(body)]() mutable { return store->write(body); });
  }

 private:
  using Done = asio::experimental::channel<void(boost::system::error_code, Written)>;
  using Durable = std::function<void(const CommitPlan&, const Written&)>;
  struct Pending {
    CommitPlan plan;
    Applied applied;
    std::shared_ptr<Done> done;
  };
  std::shared_ptr<Done> take(CommitPlan plan, Applied applied);
  asio::awaitable<void> drain();
  void fail(std::vector<Pending> batch, boost::system::error_code error);

  asio::any_io_executor executor_;
  Threads& threads_;
  std::shared_ptr<store::Store> store_;
  std::function<void()> failed_, told_;
  std::shared_ptr<const Durable> durable_;
  std::deque<Pending> queue_;
  bool draining_ = false;
  asio::steady_timer drained_;  // ends early whenever the queue has run empty
};

// Seals the plan and stores it in `tx` as the chain's next commit, with head and counter. Errors: counter_exhausted;
// keystate if the counter is missing or too low; store_damaged if plan.seq is not the next one.
Result<Written> write_commit(store::WriteTxn& tx, const CommitPlan& plan);

}  // namespace vault::daemon
