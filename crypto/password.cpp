// SPDX-License-Identifier: Apache-2.0
#include "crypto/password.hpp"

#include <utf8proc.h>

#include "base/assert.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "crypto/argon2.hpp"
#include "crypto/botan.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/signer_access.hpp"

namespace vault::crypto {
namespace {

// Bounds the input before NFC, which shortens a text to a third at most: three conjoining jamo of three bytes each
// become one syllable of three.
constexpr std::size_t longest_input = 4 * limits::password_bytes;
constexpr auto nfc_options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

using CodePoints = std::vector<utf8proc_int32_t, WipingAllocator<utf8proc_int32_t>>;

// Composes as utf8proc_NFC() does, step by step in memory that is wiped. That function would leave copies in freed
// memory.
Result<CodePoints> compose(BytesView utf8) {
  const auto size = static_cast<utf8proc_ssize_t>(utf8.size());
  const auto needed = utf8proc_decompose(utf8.data(), size, nullptr, 0, nfc_options);
  if (needed < 0) return InputErrc::password_not_utf8;
  CodePoints points(static_cast<std::size_t>(needed));
  const auto decomposed = utf8proc_decompose(utf8.data(), size, points.data(), needed, nfc_options);
  VAULT_ASSERT(decomposed == needed);
  const auto composed = utf8proc_normalize_utf32(points.data(), needed, nfc_options);
  VAULT_ASSERT(composed >= 0 && composed <= needed);
  points.resize(static_cast<std::size_t>(composed));
  return points;
}

Secret encode_utf8(const CodePoints& points) {
  Secret out;
  std::array<utf8proc_uint8_t, 4> one{};
  for (auto point : points) {
    const auto n = utf8proc_encode_char(point, one.data());
    VAULT_ASSERT(n > 0);
    out.append(BytesView{one}.first(static_cast<std::size_t>(n)));
  }
  wipe(one);
  return out;
}

}  // namespace

Result<Password> Password::from(const Secret& utf8) {
  if (utf8.empty()) return InputErrc::password_empty;
  if (utf8.size() > longest_input) return InputErrc::password_too_long;
  const auto bytes = utf8.view();
  if (std::find(bytes.begin(), bytes.end(), 0) != bytes.end()) return InputErrc::password_nul;
  const auto points = compose(bytes);
  if (!points) return points.error();
  auto nfc = encode_utf8(*points);
  if (nfc.size() > limits::password_bytes) return InputErrc::password_too_long;
  return Password{std::move(nfc)};
}

Hash password_salt(std::uint8_t suite, std::string_view account, const VaultId& vault, const Seed& seed) {
  ByteWriter out;
  out.raw(bytes_of(label::kdf)).u8(0).u8(suite).var16(bytes_of(account)).fixed(vault).fixed(seed);
  return sha256(out.bytes());
}

// Relies on Botan working in a secure_vector, which is wiped when it is freed.
void argon2id(BytesView password, BytesView salt, const seams::Argon2Costs& costs, std::span<std::uint8_t> out) {
  const auto family = Botan::PasswordHashFamily::create_or_throw("Argon2id");
  const auto argon2 = family->from_params(costs.memory_kib, costs.passes, costs.lanes);
  const auto text = text_of(password);
  argon2->derive_key(out.data(), out.size(), text.data(), text.size(), salt.data(), salt.size());
}

Result<RootKey> derive_root(const Password& password, std::uint8_t suite, std::string_view account,
                            const VaultId& vault, const Seed& seed) {
  VAULT_ASSERT(!account.empty() && account.size() <= limits::account_bytes);
  const auto costs = suite_costs(suite);
  if (!costs) return Errc::downgrade;
  Secret root{RootKey::size};
  argon2id(password.nfc(), password_salt(suite, account, vault, seed).view(), *costs, root.writable());
  return RootAccess::make(std::move(root));
}

PasswordKey password_key(const RootKey& root, const VaultId& vault) {
  return KeyAccess::make<PasswordKey>(derive(RootAccess::view(root), label::password_slot, {vault.view()}));
}

AuthKey auth_key(const RootKey& root, const VaultId& vault) {
  return SignerAccess::from_seed<AuthKey>(derive(RootAccess::view(root), label::auth, {vault.view()}));
}

}  // namespace vault::crypto
