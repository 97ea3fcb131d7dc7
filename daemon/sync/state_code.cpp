// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync/state_code.hpp"

#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/trust.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int tries = 4;  // a change of the vault's key at the same moment makes a checkpoint void

std::optional<StateCode> newest_code(const LocalVault& device) {
  std::optional<StateCode> out;
  (void)device.store->read([&](const store::ReadTxn& tx) {
    if (const auto code = own_code(tx, device.profile)) out = StateCode{*code, own_code_time(tx), false};
  });
  return out;
}

std::uint64_t newest_checkpoint(const LocalVault& device) {
  const auto seq =
      device.store->read([](const store::ReadTxn& tx) { return get_number(tx, meta::checkpoint).value_or(0); });
  return seq ? *seq : 0;
}

// Returns the code of any chain's newest checkpoint; they are equally good.
asio::awaitable<Result<std::string>> any_code(std::shared_ptr<LocalVault> device) {
  auto look = [store = device->store, heads = heads_of(device->unlocked->ledger), vault = device->profile.vault] {
    return find_any_code(*store, vault, heads);
  };
  co_return co_await run_on(device->threads.reader, std::move(look));
}

}  // namespace

asio::awaitable<Result<StateCode>> make_state_code(std::shared_ptr<LocalVault> device, Sync* sync,
                                                   std::chrono::seconds patience) {
  Result<SyncCounts> synced{Errc::offline};
  for (int i = 0; i < tries && sync != nullptr; ++i) {
    const auto vault = device->unlocked;
    if (!vault) co_return Errc::locked;
    const auto head = co_await write_checkpoint(vault, device->writer);
    if (!head) co_return head.error();
    synced = co_await sync->now(patience);
    if (!synced) break;
    if (newest_checkpoint(*device) < head->seq) continue;
    auto made = newest_code(*device);
    if (!made) co_return StoreErrc::store_damaged;
    made->is_present = true;
    co_return *made;
  }
  if (const auto before = newest_code(*device)) co_return *before;
  co_return synced ? make_error_code(Errc::conflict) : synced.error();
}

asio::awaitable<Result<std::string>> mark_state(std::shared_ptr<LocalVault> device, Sync& sync) {
  if (device->standing.distrust) co_return co_await any_code(device);
  const auto made = co_await make_state_code(device, &sync, patience_of_a_person());
  if (!made) co_return made.error();
  if (!made->is_present) co_return DaemonErrc::code_none;
  co_return made->code;
}

}  // namespace vault::daemon
