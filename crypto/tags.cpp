// SPDX-License-Identifier: Apache-2.0
#include "crypto/tags.hpp"

#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t digits = 20;
constexpr std::size_t group = 5;

}  // namespace

Hash name_tag(const NameTagKey& key, std::string_view name) {
  return hmac_sha256(KeyAccess::view(key), bytes_of(name));
}

Hash anchor_mac(const AnchorKey& key, BytesView bytes) { return hmac_sha256(KeyAccess::view(key), bytes); }

std::string state_code(const VaultId& vault, const Hash& checkpoint) {
  const auto hash = sha256(info_of(label::state, {}), vault.view(), checkpoint.view());
  __extension__ using Wide = unsigned __int128;
  auto number = Wide{layout::number_at(hash.view(), 0, 8)} << 2 | hash.raw[8] >> 6;  // the first 66 bits
  std::string out(digits + digits / group - 1, ' ');
  for (auto at = out.size(); at-- > 0;) {
    if (at % (group + 1) == group) continue;
    out[at] = static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  }
  return out;
}

}  // namespace vault::crypto
