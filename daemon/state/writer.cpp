// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/writer.hpp"

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/commit.hpp"
#include "crypto/hash.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/state/profile.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t batch_plans = 512;  // bounds how long one transaction can take

wire::CommitHeader header_of(const CommitPlan& plan, const Head& head, std::uint64_t counter) {
  const auto& keyring = plan.keychain->head();
  return {.suite = keyring.suite,
          .kind = plan.kind,
          .vault = keyring.vault,
          .device = plan.keys->id,
          .counter = counter,
          .epoch = plan.keys->epoch,
          .seq = head.seq + 1,
          .keyring_version = keyring.version,
          .keyring_hash = plan.keychain->head_hash(),
          .prev = head.hash,
          .after = plan.after};
}

Sealed seal(const CommitPlan& plan, const wire::CommitHeader& header) {
  const auto& keys = *plan.keys;
  if (!opens_epoch(plan.kind)) return crypto::seal_commit(keys.dk, keys.sig, encode(header), plan.content.view());
  const auto wrap = plan.keychain->newest_vault_key().wrap(header.vault, header.device, header.epoch);
  return crypto::seal_epoch_commit(wrap, keys.sig, encode(header), plan.content.view(), keys.dk);
}

// Returns how many counter values the commit takes. An epoch commit contains its seen vector and the key (32 bytes).
std::uint32_t counters_of(const CommitPlan& plan) {
  return crypto::commit_segments(plan.content.size() + (opens_epoch(plan.kind) ? 32u : 0u));
}

// Returns the head of a chain before its first commit: FORMAT.md §6, prev.
Head start_of_chain(const CommitPlan& plan) { return {0, plan.keychain->enrolment_hash(plan.keys->id)}; }

// Returns the counter value to use. It is never guessed. A stored value below what the chain has used is an error:
// nobody would accept what it seals. Errors: keystate.
Result<std::uint64_t> next_counter(const store::WriteTxn& tx, const DeviceId& device, const Head& head) {
  const auto stored = get_number(tx, meta::counter);
  if (head.seq == 0) return stored.value_or(0);
  const auto last = tx.get(store::chains, {device, head.seq});
  if (!stored || !last) return Errc::keystate;
  const auto header = wire::decode_commit_header(last->view());
  if (!header || *stored < header->counter + header->segments) return Errc::keystate;
  return *stored;
}

}  // namespace

Result<Written> write_commit(store::WriteTxn& tx, const CommitPlan& plan) {
  const auto device = plan.keys->id;
  const auto head = tx.get(store::heads, device).value_or(start_of_chain(plan));
  if (plan.seq != head.seq + 1)
    return StoreErrc::store_damaged;  // an earlier commit was reported as failed but is stored
  const auto counter = next_counter(tx, device, head);
  if (!counter) return counter.error();
  const auto segments = counters_of(plan);
  if (*counter + segments > limits::counter_end) return DaemonErrc::counter_exhausted;

  const auto commit = seal(plan, header_of(plan, head, *counter));
  fault_point("write.sealed");
  const Written written{{head.seq + 1, crypto::sha256(commit.view())}, *counter + segments};
  put_number(tx, meta::counter, written.counter_end);
  put_commit(tx, {device, written.head.seq}, commit);
  tx.put(store::heads, device, written.head);
  if (plan.kind == wire::CommitKind::ack) put_number(tx, meta::last_ack, wall_time());
  if (plan.identity) tx.put(store::local, "identity", *plan.identity);
  for (auto [blob, row] : plan.blobs) {
    row.seq = written.head.seq;
    tx.put(store::blobs, blob, row);
  }
  return written;
}

namespace {

// Writes all plans in one transaction, on the writer's thread.
Result<std::vector<Written>> write_commits(store::Store& store, const std::vector<const CommitPlan*>& plans) {
  auto written = store.write([&plans](store::WriteTxn& tx) -> Result<std::vector<Written>> {
    std::vector<Written> all;
    for (const auto* plan : plans) {
      auto one = write_commit(tx, *plan);
      if (!one) return one.error();
      all.push_back(*one);
    }
    fault_point("write.before-commit");
    return all;
  });
  fault_point("write.committed");
  return written;
}

}  // namespace

Writer::Writer(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store,
               std::function<void()> failed)
    : executor_(std::move(executor)),
      threads_(threads),
      store_(std::move(store)),
      failed_(std::move(failed)),
      drained_(executor_, asio::steady_timer::time_point::max()) {}

asio::awaitable<void> Writer::idle() {
  while (draining_) co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
}

std::shared_ptr<Writer::Done> Writer::take(CommitPlan plan, Applied applied) {
  auto done = std::make_shared<Done>(executor_, 1);
  queue_.push_back({std::move(plan), std::move(applied), done});
  if (!draining_) {
    draining_ = true;
    spawn(executor_, "the writer", drain());
  }
  return done;
}

asio::awaitable<Result<Written>> Writer::append(CommitPlan plan, Applied applied) {
  const auto done = take(std::move(plan), std::move(applied));
  auto [error, written] = co_await done->async_receive(asio::as_tuple(asio::use_awaitable));
  if (error) co_return error;
  co_return written;
}

asio::awaitable<void> Writer::drain() {
  while (!queue_.empty()) {
    auto batch = std::make_shared<std::vector<Pending>>();
    while (!queue_.empty() && batch->size() < batch_plans) {
      batch->push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    auto work = [store = store_, batch, durable = durable_] {
      std::vector<const CommitPlan*> plans;
      for (const auto& pending : *batch) plans.push_back(&pending.plan);
      auto all = write_commits(*store, plans);
      if (all && durable) (*durable)(*plans.back(), all->back());
      return all;
    };
    const auto written = co_await run_on(threads_.writer, std::move(work));
    if (!written) {
      fail(std::move(*batch), written.error());
      continue;
    }
    if (told_) told_();
    for (std::size_t i = 0; i < batch->size(); ++i) {
      auto applied = (*batch)[i].applied((*written)[i]);
      co_await std::move(applied);
      (*batch)[i].done->try_send(boost::system::error_code{}, (*written)[i]);
    }
  }
  draining_ = false;
  drained_.cancel();
}

void Writer::fail(std::vector<Pending> batch, boost::system::error_code error) {
  log::error("a write failed", {{"error", error}});
  for (auto& pending : queue_) batch.push_back(std::move(pending));
  queue_.clear();
  failed_();
  for (auto& pending : batch) pending.done->try_send(error, Written{});
}

}  // namespace vault::daemon
