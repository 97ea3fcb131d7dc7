// SPDX-License-Identifier: Apache-2.0
#include "crypto/recovery.hpp"

#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/seams.hpp"
#include "crypto/signer_access.hpp"

namespace vault::crypto {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford: no I, L, O, U
constexpr std::size_t code_characters = 32;
constexpr std::size_t check_characters = 4;

int value_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Returns the `i`-th group of five bits.
std::uint8_t quintet(BytesView bytes, std::size_t i) {
  std::uint8_t out = 0;
  for (auto bit = i * 5; bit < i * 5 + 5; ++bit)
    out = static_cast<std::uint8_t>(out << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1));
  return out;
}

void put_quintet(std::span<std::uint8_t> bytes, std::size_t i, std::uint8_t value) {
  for (std::size_t k = 0; k < 5; ++k) {
    const auto bit = i * 5 + k;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | (value >> (4 - k) & 1) << (7 - bit % 8));
  }
}

// Hashes the code. The first 20 bits, four characters, are its check.
Hash check_of(BytesView code) { return sha256(info_of(label::recovery_check, {}), code); }

// Returns the values of the 36 characters. The result has another size if `text` has other characters or not 36.
Secret values_of(std::string_view text) {
  Secret out;
  for (char c : text) {
    if (c == '-' || c == ' ') continue;
    const auto value = value_of(c);
    if (value < 0 || out.size() == code_characters + check_characters) return {};
    const auto byte = static_cast<std::uint8_t>(value);
    out.append({&byte, 1});
  }
  return out;
}

bool fits(const Secret& values) {
  Secret code{RecoveryCode::size};
  for (std::size_t i = 0; i < code_characters; ++i) put_quintet(code.writable(), i, values.view()[i]);
  const auto check = check_of(code.view());
  for (std::size_t i = 0; i < check_characters; ++i)
    if (values.view()[code_characters + i] != quintet(check.view(), i)) return false;
  return true;
}

constexpr std::size_t group_characters = 4;

// True if one typing slip in the group, and nothing else, makes `values` wrong. `values` is unchanged afterwards.
bool is_slip_in(Secret& values, std::size_t group) {
  const auto in = values.writable().subspan(group * group_characters, group_characters);
  bool found = false;
  for (auto& value : in) {
    const auto typed = value;
    for (std::uint8_t other = 0; other < alphabet.size() && !found; ++other) {
      value = other;
      found = other != typed && fits(values);
    }
    value = typed;
  }
  for (std::size_t i = 1; i < in.size() && !found; ++i) {
    std::swap(in[i - 1], in[i]);
    found = fits(values);
    std::swap(in[i - 1], in[i]);
  }
  return found;
}

}  // namespace

std::size_t wrong_group(const Secret& text) {
  auto values = values_of(text.text());
  if (values.size() != code_characters + check_characters) return 0;
  std::size_t found = 0;
  for (std::size_t group = 0; group < values.size() / group_characters; ++group) {
    if (!is_slip_in(values, group)) continue;
    if (found != 0) return 0;
    found = group + 1;
  }
  return found;
}

RecoveryCode RecoveryCode::fresh(const VaultKey& key, const VaultId& vault) {
  Secret random{32};
  seams::fill_random(random.writable());
  const auto ikm = concat({random.view(), KeyAccess::view(key)});
  return RecoveryCode{derive(ikm.view(), label::fresh_recovery_code, {vault.view()}, size)};
}

Result<RecoveryCode> RecoveryCode::from_text(const Secret& text) {
  const auto values = values_of(text.text());
  if (values.size() != code_characters + check_characters) return Errc::usage;
  Secret code{size};
  for (std::size_t i = 0; i < code_characters; ++i) put_quintet(code.writable(), i, values.view()[i]);
  if (!fits(values)) return Errc::auth;
  return RecoveryCode{std::move(code)};
}

Secret RecoveryCode::text() const {
  const auto check = check_of(bytes_.view());
  Secret out;
  for (std::size_t i = 0; i < code_characters + check_characters; ++i) {
    const auto value = i < code_characters ? quintet(bytes_.view(), i) : quintet(check.view(), i - code_characters);
    if (i % 4 == 0 && i > 0) out.append(bytes_of("-"));
    out.append(bytes_of(alphabet.substr(value, 1)));
  }
  return out;
}

RecoveryKeys recovery_keys(const RecoveryCode& code, const VaultId& vault) {
  const auto from = RecoveryAccess::view(code);
  return {BoxAccess::make(derive(from, label::recovery_box, {vault.view()})),
          SignerAccess::from_seed<RecoveryAuthKey>(derive(from, label::recovery_auth, {vault.view()})),
          derive(from, label::recovery_psk, {vault.view()})};
}

}  // namespace vault::crypto
