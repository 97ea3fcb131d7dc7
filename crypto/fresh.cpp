// SPDX-License-Identifier: Apache-2.0
#include "crypto/fresh.hpp"

#include "crypto/argon2.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/seams.hpp"

namespace vault::crypto {
namespace {

Secret derive_fresh(std::string_view label, const VaultId& vault, std::initializer_list<BytesView> mixed,
                    std::size_t size) {
  auto ikm = random_bytes();
  for (auto part : mixed) ikm.append(part);
  return derive(ikm.view(), label, {vault.view()}, size);
}

}  // namespace

Secret random_bytes() {
  Secret out{32};
  seams::fill_random(out.writable());
  return out;
}

VaultId new_vault_id(const Hash& fingerprint, std::uint64_t time_ms) {
  const auto id = derive_fresh(label::fresh_vault_id, VaultId{}, {fingerprint.view(), be64(time_ms)}, VaultId::size);
  return VaultId::from(id.view());
}

Seed new_seed(const VaultId& vault, const Hash& fingerprint, std::uint64_t time_ms) {
  return Seed::from(derive_fresh(label::fresh_seed, vault, {fingerprint.view(), be64(time_ms)}, Seed::size).view());
}

VaultKey new_vault_key(const RootKey& root, const VaultId& vault, std::uint32_t generation, const Hash& before) {
  const auto number = be32(generation);  // has a name, since a view of a temporary would outlive it
  const auto mixed = {RootAccess::view(root), BytesView{number}, before.view()};
  return KeyAccess::make<VaultKey>(derive_fresh(label::fresh_vault_key, vault, mixed, VaultKey::size));
}

NameKey new_name_key(const RootKey& root, const VaultId& vault) {
  return KeyAccess::make<NameKey>(derive_fresh(label::fresh_name_key, vault, {RootAccess::view(root)}, NameKey::size));
}

BoxPrivate new_ephemeral(const VaultKey& key, const BoxKey& recipient, const VaultId& vault) {
  return BoxAccess::make(derive_fresh(label::fresh_ephemeral, vault, {KeyAccess::view(key), recipient.view()}, 32));
}

}  // namespace vault::crypto
