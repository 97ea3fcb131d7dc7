// SPDX-License-Identifier: Apache-2.0
#include "crypto/keyring_trailer.hpp"

#include "crypto/layout.hpp"

namespace vault::crypto {
namespace {

bool roles_are_right(const std::vector<KeyringSignature>& signatures) {
  if (signatures.empty() || signatures.size() > 2 || signatures[0].role != KeyringRole::own) return false;
  if (signatures.size() == 1) return true;
  return signatures[1].role == KeyringRole::previous || signatures[1].role == KeyringRole::recovery;
}

std::vector<KeyringSignature> read_signatures(ByteReader& in) {
  std::vector<KeyringSignature> out;
  const auto count = in.u8();
  for (int i = 0; i < count && in.ok(); ++i) {
    const auto role = static_cast<KeyringRole>(in.u8());
    out.push_back({role, in.fixed<Signature>()});
  }
  return out;
}

// Returns the number of signatures, or 0 if the lengths allow none. No field says where the segments end. But a frame
// is a multiple of 16 bytes, and a signature with its role is not, so at most one number fits.
std::size_t count_signatures(BytesView keyring, std::size_t hdr0_size) {
  const auto n = layout::number_at(keyring, layout::segments, 4);
  for (const std::size_t count : {1u, 2u}) {
    const auto fixed = hdr0_size + layout::salt + layout::commitment + keyring_trailer_size(count);
    if (keyring.size() <= fixed || n > (keyring.size() - fixed) / (layout::tag + 1)) continue;
    const auto plaintext = keyring.size() - fixed - n * layout::tag;
    if (plaintext % 16 == 0) return count;
  }
  return 0;
}

}  // namespace

Result<KeyringTrailer> keyring_trailer(BytesView keyring, std::size_t hdr0_size) {
  if (hdr0_size < layout::common || keyring.size() < hdr0_size) return Errc::tamper;
  const auto count = count_signatures(keyring, hdr0_size);
  if (count == 0) return Errc::tamper;
  KeyringTrailer out;
  out.size = keyring_trailer_size(count);
  out.signed_size = keyring.size() - out.size + Hash::size;
  ByteReader in{keyring.last(out.size)};
  out.link = in.fixed<Hash>();
  out.signatures = read_signatures(in);
  if (!in.done() || out.signatures.size() != count || !roles_are_right(out.signatures)) return Errc::tamper;
  return out;
}

}  // namespace vault::crypto
