// SPDX-License-Identifier: Apache-2.0
// Keyrings: anything as a whole version (even first byte), and anything as the body of one that is authentic (odd),
// with the hash of its header put right. What opens is sealed again to the same size, and opens.
#include <algorithm>
#include <cstdlib>

#include "crypto/frame.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_access.hpp"
#include "crypto/keyring_body.hpp"
#include "crypto/sealer.hpp"
#include "crypto/signer_access.hpp"
#include "crypto/suite.hpp"

using namespace vault;
using namespace vault::crypto;

namespace {

constexpr std::size_t hdr0_size = layout::common + 8 + 32;

void expect(bool good) {
  if (!good) std::abort();
}

const VaultKey& vault_key() {
  static const VaultKey out{KeyAccess::copy_of<VaultKey>(Bytes(32, 7))};
  return out;
}

Bytes header(std::uint32_t generation) {
  ByteWriter out;
  layout::put_common(out, default_suite, Kind::keyring, VaultId{}, DeviceId{}, 0);
  out.u32(1).u32(generation).fixed(Hash{});
  return out.take();
}

Sealed seal_body(BytesView content, std::uint32_t generation) {
  auto hdr0 = header(generation);
  auto body = Secret::copy_of(content);
  fill_lengths(hdr0, framed_size(body.size()), keyring_trailer_size(1));
  if (body.size() >= Hash::size) std::ranges::copy(sha256(hdr0).raw, body.writable().last(Hash::size).begin());
  const auto trailer = [](BytesView, std::span<std::uint8_t> out) { out[32] = out[33] = 1; };
  const auto key = vault_key().body(VaultId{}, 1);
  return Sealer::seal(KeyAccess::view(key), std::move(hdr0), frame(body.view()), keyring_trailer_size(1), trailer);
}

void read_body(BytesView content, std::uint32_t generation) {
  const auto sealed = seal_body(content, generation);
  const auto body = open_keyring_body(vault_key(), sealed.view(), hdr0_size, VaultId{}, 1);
  if (!body) return;
  const auto own = SignerAccess::from_seed<AuthKey>(Secret{32});
  const auto again = seal_keyring(vault_key(), vault_key(), header(generation), *body, {own});
  expect(again && again->size() == sealed.size());
  expect(open_keyring_body(vault_key(), again->view(), hdr0_size, VaultId{}, 1)->devices == body->devices);
}

void read_any(BytesView in) {
  expect(!open_keyring_body(vault_key(), in, std::min(in.size(), hdr0_size), VaultId{}, 1));
  expect(!verify_link(vault_key(), VaultId{}, in, hdr0_size));
  const auto trailer = keyring_trailer(in, hdr0_size);
  if (trailer) expect(trailer->signed_size < in.size() && !trailer->signatures.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 200'000) return 0;
  if (data[0] % 2 == 0) read_any({data + 1, size - 1});
  else read_body({data + 2, size - 2}, data[1] % 4 + 1u);
  return 0;
}
