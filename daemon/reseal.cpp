#include "daemon/reseal.hpp"

#include "crypto/commit.hpp"
#include "crypto/seams.hpp"
#include "daemon/blobs.hpp"
#include "daemon/epoch.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using wire::CommitKind;

struct Reseal {
  std::shared_ptr<const crypto::Identity> identity;  // in its new epoch
  std::shared_ptr<const Keychain> keychain;
  EpochKeys keys;  // that open what is there
  std::uint64_t first = 0;
  Head before;  // of the commit before the first
};

// The commit at `first`, if it is of the epoch that the chain is in, so that the next epoch may begin in its place.
Result<std::optional<Head>> place_before(const store::Store& store, const DeviceId& self, std::uint64_t first,
                                         std::uint32_t epoch) {
  using Place = Result<std::optional<Head>>;
  return store.read([&](const store::ReadTxn& tx) -> Place {
    const auto commit = tx.get(store::chains, {self, first});
    const auto last = tx.get(store::chains, {self, first - 1});
    if (!commit || !last) return std::optional<Head>{};
    const auto header = wire::decode_commit_header(commit->view());
    if (!header || header->epoch != epoch || header->kind == CommitKind::epoch) return std::optional<Head>{};
    return std::optional{Head{first - 1, header->prev}};
  });
}

std::vector<Sealed> take_rows(store::WriteTxn& tx, const DeviceId& self, std::uint64_t first) {
  const auto range = store::Range<store::Place>::between({self, first}, {self, ~std::uint64_t{0}});
  std::vector<Sealed> rows;
  tx.scan(store::chains, range, [&rows](const store::Place&, Sealed commit) { rows.push_back(std::move(commit)); });
  tx.remove(store::chains, range);
  return rows;
}

CommitPlan plan_of(const Reseal& reseal, CommitKind kind, std::uint64_t seq, Secret content) {
  return {
      .keys = reseal.identity, .keychain = reseal.keychain, .kind = kind, .seq = seq, .content = std::move(content)};
}

// What it names was verified before it, so it may name it later too; what it wrote keeps its ids.
Result<Written> write_again(store::WriteTxn& tx, const Reseal& reseal, const Sealed& row, std::uint64_t seq) {
  const auto header = wire::decode_commit_header(row.view());
  const auto key = header ? reseal.keys.find(header->epoch) : reseal.keys.end();
  if (key == reseal.keys.end()) return Errc::store_damaged;
  auto content = open_commit(*key->second.key, row.view());
  if (!content) return Errc::store_damaged;
  return write_commit(tx, plan_of(reseal, header->kind, seq, std::move(*content)));
}

Result<Written> seal_again(store::WriteTxn& tx, const Reseal& reseal) {
  const auto& self = reseal.identity->id;
  const auto rows = take_rows(tx, self, reseal.first);
  const Resealed range{reseal.first, reseal.first + rows.size() - 1, get_number(tx, meta::counter).value_or(0)};
  put_resealed(tx, range);
  forget_places(tx);
  tx.put(store::heads, self, reseal.before);
  auto plan = plan_of(reseal, CommitKind::epoch, reseal.first, Secret::copy_of(crypto::encode_seen({})));
  const auto& keyring = reseal.keychain->head();
  const auto local = reseal.keychain->newest_vault_key().local(keyring.vault);
  plan.identity = seal_identity(local, keyring.suite, keyring.vault, keyring.generation, *reseal.identity);
  auto written = write_commit(tx, plan);
  for (auto row = rows.begin(); written && row != rows.end(); ++row)
    written = write_again(tx, reseal, *row, written->head.seq + 1);
  if (!written) return written;
  tx.remove(store::local, std::string{"index"});  // it says where the records were
  tx.remove(store::index_pages, store::Range<std::uint64_t>::all());
  crypto::seams::fault_point("reseal.before-commit");
  return written;
}

}  // namespace

asio::awaitable<Result<void>> seal_unsent_again(std::shared_ptr<Device> device, std::shared_ptr<Unlocked> vault) {
  const auto first = std::max(device->standing.handed, device->standing.acked) + 1;
  const auto last = vault->own_chain().head.seq;
  if (!vault->needs_epoch() || first == 1 || last < first) co_return Result<void>{};
  const auto before = place_before(*device->store, vault->self(), first, vault->identity->epoch);
  if (!before) co_return before.error();
  if (!*before) co_return Result<void>{};
  const auto reseal = std::make_shared<const Reseal>(
      Reseal{next_identity(*vault), vault->keychain, vault->own_chain().keys, first, **before});
  device->own_chain_moves();
  vault->places_move();
  vault->planned({});
  vault->planned_epoch(reseal->identity);
  auto work = [reseal](store::WriteTxn& tx) { return seal_again(tx, *reseal); };
  const auto written = co_await device->writer.write(std::move(work));
  crypto::seams::fault_point("reseal.committed");
  if (!written) {
    vault->plans_failed();
    co_return written.error();
  }
  vault->moved(reseal->identity, reseal->keychain->head().generation, {first, last}, written->head,
               written->counter_end);
  co_return co_await device->own_chain_moved(*reseal->keychain, *written);
}

}  // namespace vault::daemon
