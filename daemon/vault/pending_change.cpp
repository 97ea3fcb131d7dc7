// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/pending_change.hpp"

#include "crypto/local.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"
#include "wire/keyring_header.hpp"

namespace vault::daemon {
namespace {

Result<void> seal_again(store::WriteTxn& tx, const Keychain& now) {
  const auto sealed = tx.get(store::local, "identity");
  if (!sealed) return StoreErrc::store_damaged;
  const auto generation = crypto::local_generation(sealed->view());
  if (generation == now.head().generation) return {};
  const auto* key = now.vault_key(generation);
  if (key == nullptr) return StoreErrc::store_damaged;
  auto opened = crypto::open_local(key->local(now.head().vault), sealed->view());
  if (!opened) return StoreErrc::store_damaged;
  opened->place.generation = now.head().generation;
  const auto newest = now.newest_vault_key().local(now.head().vault);
  tx.put(store::local, "identity", seal_local(newest, opened->place, opened->content.view()));
  return {};
}

}  // namespace

std::uint32_t version_made_by(const UnsentChange& change) {
  const auto decoded = wire::decode_keyring_header(change.keyring.view());
  return decoded ? decoded->header.version : 0;
}

bool is_replaced(const UnsentChange& change, std::uint32_t newest) { return version_made_by(change) <= newest; }

void drop_replaced_change(store::WriteTxn& tx, std::uint32_t newest) {
  if (const auto change = get_unsent_change(tx); change && is_replaced(*change, newest)) remove_unsent_change(tx);
}

Result<void> settle_keyring(store::WriteTxn& tx, const Keychain& now) {
  drop_replaced_change(tx, now.head().version);
  return seal_again(tx, now);
}

}  // namespace vault::daemon
