// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/jump.hpp"

#include "base/fault_point.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/epoch.hpp"
#include "daemon/vault/unsent.hpp"
#include "daemon/vault/write_again.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

using wire::CommitKind;

struct Jump {
  std::shared_ptr<const crypto::Identity> identity;  // in its new epoch
  std::shared_ptr<const Keychain> keychain;
  EpochKeys keys;  // open what waits
  crypto::SeenVector seen;
  std::uint64_t first = 0, last = 0;  // seqs of what waits
};

// Returns how many commits from `first` to `last` are written again. None of them changes any more.
std::uint64_t count_data(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t first, std::uint64_t last) {
  std::uint64_t count = 0;
  tx.scan(store::chains, store::Range<store::Place>::between({self, first}, {self, last + 1}),
          [&count](const store::Place&, const Sealed& commit) {
            const auto header = wire::decode_commit_header(commit.view());
            count += header && header->kind == CommitKind::data ? 1u : 0u;
          });
  return count;
}

// Returns the last own commit that the server has, where the chain continues; the start of the chain if there is none.
Result<Head> end_at_server(const store::ReadTxn& tx, const Jump& jump) {
  const auto& self = jump.identity->id;
  const auto acked = get_number(tx, meta::acked).value_or(0);
  if (acked == 0) return Head{0, jump.keychain->enrolment_hash(self)};
  const auto commit = tx.get(store::chains, {self, acked});
  if (!commit) return StoreErrc::store_damaged;
  return Head{acked, crypto::commit_hash(commit->view())};
}

CommitPlan plan_of(const Jump& jump, CommitKind kind, std::uint64_t seq, Secret content) {
  return {.keys = jump.identity, .keychain = jump.keychain, .kind = kind, .seq = seq, .content = std::move(content)};
}

Result<Written> write_epoch(store::WriteTxn& tx, const Jump& jump, const Head& after) {
  const auto& keyring = jump.keychain->head();
  const auto local = jump.keychain->newest_vault_key().local(keyring.vault);
  auto plan = plan_of(jump, CommitKind::jump, jump.last + 1, Secret::copy_of(crypto::encode_seen(jump.seen)));
  plan.after = after;
  plan.identity = seal_identity(local, keyring.suite, keyring.vault, keyring.generation, *jump.identity);
  return write_commit(tx, plan);
}

// Adds the large values that still wait for their chunks, now with the commit that names them again.
void take_blobs(const store::ReadTxn& tx, const std::vector<BlobId>& named, CommitPlan& plan) {
  for (const auto& id : named) {
    const auto row = tx.get(store::blobs, id);
    if (row && row->state == static_cast<std::uint8_t>(store::BlobState::owed)) plan.blobs.emplace_back(id, *row);
  }
}

Result<Written> write_again(store::WriteTxn& tx, const Jump& jump, std::uint64_t seq, const Written& last) {
  const auto& self = jump.identity->id;
  const auto commit = tx.get(store::chains, {self, seq});
  if (!commit) return StoreErrc::store_damaged;
  const auto place = last.head.seq + 1;
  auto again = written_again(*commit, jump.keys, self, self, place, jump.keychain->version_checks());
  if (!again) return again.error();
  if (!*again) return last;
  auto plan = plan_of(jump, CommitKind::data, place, std::move((*again)->content));
  take_blobs(tx, (*again)->blobs, plan);
  return write_commit(tx, plan);
}

Result<Written> write_all(store::WriteTxn& tx, const Jump& jump) {
  const auto after = end_at_server(tx, jump);
  if (!after) return after.error();
  auto written = write_epoch(tx, jump, *after);
  for (auto seq = jump.first; written && seq <= jump.last; ++seq) written = write_again(tx, jump, seq, *written);
  fault_point("jump.before-commit");
  return written;
}

// Holds what waits while no plan is under way and none follows, and how much of it is written again.
struct Waiting {
  Unsent unsent;
  std::uint64_t data = 0, counted = 0;  // commits; up to which seq they are counted
};

Result<Waiting> look(const LocalVault& device, Waiting before) {
  return device.store->read([&](const store::ReadTxn& tx) {
    const auto& self = device.profile.device;
    const auto unsent = unsent_of(tx, self, device.standing.acked);
    if (unsent.first != before.unsent.first) before = {};
    const auto from = std::max(unsent.first, before.counted + 1);
    return Waiting{unsent, before.data + count_data(tx, self, from, unsent.last), unsent.last};
  });
}

asio::awaitable<Result<Waiting>> look_when_idle(std::shared_ptr<LocalVault> device) {
  auto count = [device] { return look(*device, {}); };
  const auto most = co_await run_on(device->threads.reader, std::move(count));
  if (!most) co_return most.error();
  co_await device->writer.idle();
  co_return look(*device, *most);  // little has come meanwhile
}

asio::awaitable<Result<void>> write_jump(std::shared_ptr<LocalVault> device, std::shared_ptr<Unlocked> vault,
                                         const Waiting& waiting) {
  const auto jump = std::make_shared<const Jump>(Jump{next_identity(*vault), vault->keychain, vault->own_chain().keys,
                                                      vault->all_seen(), waiting.unsent.first, waiting.unsent.last});
  vault->planned(jump->seen);
  vault->planned_epoch(jump->identity);
  for (auto left = waiting.data; left > 0; --left) vault->planned({});
  auto work = [jump](store::WriteTxn& tx) { return write_all(tx, *jump); };
  const auto written = co_await device->writer.write(std::move(work));
  fault_point("jump.committed");
  if (!written) {
    vault->plans_failed();
    co_return written.error();
  }
  vault->written_epoch(jump->identity, jump->keychain->head().generation, {jump->last + 1, {}}, written->counter_end);
  vault->written(written->head, written->counter_end);
  co_return co_await device->own_chain_grew(jump->keychain, *written);
}

}  // namespace

asio::awaitable<Result<void>> jump_if_due(std::shared_ptr<LocalVault> device) {
  const auto known = device->store->read([](const store::ReadTxn& tx) { return newest_generation(tx); });
  if (!known) co_return known.error();
  const auto waiting = co_await look_when_idle(device);
  if (!waiting) co_return waiting.error();
  if (!waiting->unsent.is_outdated(*known)) co_return Result<void>{};
  const auto vault = device->unlocked;
  if (!vault || vault->keychain->head().generation != *known) co_return DaemonErrc::push_locked;
  // A verified keyring may name more of the own chain: that never becomes void, whatever a server shows.
  const auto named = vault->keychain->head_named_by(vault->keychain->head().version, device->profile.device);
  if (named <= device->standing.acked) co_return co_await write_jump(device, vault, *waiting);
  if (const auto kept = co_await device->acknowledged(named); !kept) co_return kept;
  co_return co_await jump_if_due(device);  // now less of it waits
}

}  // namespace vault::daemon
