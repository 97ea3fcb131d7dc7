// SPDX-License-Identifier: Apache-2.0
#include "wire/export_manifest.hpp"

namespace vault::wire {
namespace {

constexpr std::string_view manifest_magic = "VLTM";
constexpr std::uint8_t manifest_format = 2;

void put_head(ByteWriter& out, const Head& head) { out.u64(head.seq).fixed(head.hash); }

}  // namespace

Bytes encode(const ExportManifest& m) {
  ByteWriter out;
  out.raw(bytes_of(manifest_magic)).u8(manifest_format).fixed(m.vault).fixed(m.device).u64(m.time);
  out.u32(m.keyring.version).fixed(m.keyring.hash).u64(m.commits);
  out.u16(static_cast<std::uint16_t>(m.chains.size()));
  for (const auto& chain : m.chains) {
    out.fixed(chain.device);
    put_head(out, chain.head);
  }
  put_head(out, m.checkpoint);
  return out.take();
}

Bytes signed_manifest(Bytes encoded, const Signature& signature) {
  ByteWriter out;
  out.raw(encoded).u8(1).fixed(signature);
  return out.take();
}

Bytes unsigned_manifest(Bytes encoded) {
  encoded.push_back(0);
  return encoded;
}

}  // namespace vault::wire
