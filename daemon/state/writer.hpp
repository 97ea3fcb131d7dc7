// SPDX-License-Identifier: Apache-2.0
// The one place where commits of this device come into being.
//
// Callers are on the event loop; they plan a commit (its seq and content) and wait. The writer thread takes all
// plans that have gathered, and in one LMDB transaction takes their counters, seals, signs, and stores commits,
// head and counter; so the cost of one fsync is shared, and no counter is ever used that is not durably gone.
// While one batch is made durable the next gathers.
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
  std::uint64_t seq = 0;  // the head's plus the plans before it
  Secret content;         // FORMAT.md §6; for an epoch commit or a jump the seen vector alone
  Head after = {};        // of a jump
  std::optional<Sealed>
      identity;  // with a commit that opens an epoch: the local state that holds its key, stored with it
  std::vector<std::pair<BlobId, store::BlobRow>> blobs = {};  // which it names and the server has not got
};

struct Written {
  Head head;
  std::uint64_t counter_end = 0;  // the next counter
};

class Writer {
 public:
  using Applied = std::function<asio::awaitable<void>(Written)>;

  // `failed` is called when plans could not be stored, after which none of them and none after them is: what
  // was planned on top of them is void.
  Writer(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store,
         std::function<void()> failed);

  // Whoever must know of every batch: `durable`, on the writer's thread, with the last commit of it; then `told`, on
  // the loop, before anybody is answered.
  void on_batch(std::function<void(const CommitPlan& last, const Written& written)> durable,
                std::function<void()> told) {
    durable_ = std::make_shared<const Durable>(std::move(durable));
    told_ = std::move(told);
  }

  // Returns when the commit is durable and `applied` has run: on the loop, in the order of the plans, one at a time,
  // even if this caller is gone by then. Errors: counter_exhausted, storage.
  asio::awaitable<Result<Written>> append(CommitPlan plan, Applied applied);

  // The same without the wait. Plans are stored in the order in which they are handed over.
  void enqueue(CommitPlan plan, Applied applied) { (void)take(std::move(plan), std::move(applied)); }

  // Returns when no plan waits.
  asio::awaitable<void> idle();

  // Any other transaction: body(WriteTxn&) runs on the writer thread, between batches.
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

// Seals the plan and stores it as the next commit of the device's chain, with its head and counter: all that must
// happen in one transaction. Errors: counter_exhausted; keystate when the counter is not there.
Result<Written> write_commit(store::WriteTxn& tx, const CommitPlan& plan);

}  // namespace vault::daemon
