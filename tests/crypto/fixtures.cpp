// SPDX-License-Identifier: Apache-2.0
#include "tests/crypto/fixtures.hpp"

namespace vault::tests {

using namespace crypto;

Bytes commit_hdr0(const CommitFields& fields) {
  ByteWriter out;
  layout::put_common(out, cheap, fields.kind, a_vault, a_device, fields.counter);
  out.u32(fields.epoch).u64(fields.seq).u32(1).fixed(of_byte<Hash>(0x33)).fixed(of_byte<Hash>(0x44));
  return out.take();
}

Bytes keyring_hdr0(std::uint32_t version, std::uint32_t generation) {
  ByteWriter out;
  layout::put_common(out, cheap, Kind::keyring, a_vault, a_device, 0);
  out.u32(version).u32(generation).fixed(version == 1 ? Hash{} : of_byte<Hash>(0x55)).u8(0);
  out.fixed(of_byte<Seed>(0x66)).fixed(signer_of_byte<AuthKey>(1).public_key()).fixed(SignKey{});
  out.var8(bytes_of("alice@example.org")).var16({}).var16({}).u16(0);
  out.u16(1).fixed(a_device).fixed(signer_of_byte<RequestSigner>(4).public_key()).u8(1);
  return out.take();
}

KeyringBody keyring_body(std::uint32_t generation) {
  KeyringBody out{.names = key_of_byte<NameKey>(0x77), .recovery_box = {}, .recovery_psk = Secret{32}};
  for (std::uint32_t g = 1; g < generation; ++g)
    out.older.push_back(key_of_byte<VaultKey>(static_cast<std::uint8_t>(g)));
  KeyringDevice device;
  device.id = a_device;
  device.name = "laptop";
  device.sig = signer_of_byte<CommitSigner>(2).public_key();
  device.box = box_of_byte(3).public_key();
  device.net = signer_of_byte<RequestSigner>(4).public_key();
  device.joined = 1'700'000'000'000;
  device.joined_version = 1;
  out.devices.push_back(device);
  out.heads[a_device] = {5, of_byte<Hash>(0x88)};
  return out;
}

Bytes flipped(BytesView bytes, std::size_t bit) {
  Bytes out{bytes.begin(), bytes.end()};
  out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] ^ 1u << bit % 8);
  return out;
}

}  // namespace vault::tests
