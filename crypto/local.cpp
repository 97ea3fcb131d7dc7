// SPDX-License-Identifier: Apache-2.0
#include "crypto/local.hpp"

#include "crypto/seal.hpp"

namespace vault::crypto {
namespace {

LocalPlace place_of(BytesView hdr0) {
  LocalPlace out;
  out.suite = hdr0[layout::suite];
  out.vault = VaultId::from(hdr0.subspan(layout::vault_id, VaultId::size));
  out.device = DeviceId::from(hdr0.subspan(layout::device_id, DeviceId::size));
  ByteReader rest{hdr0.subspan(layout::common)};
  out.generation = rest.u32();
  out.purpose = rest.u16();
  out.serial = rest.u64();
  return out;
}

}  // namespace

Sealed seal_local(const LocalKey& key, const LocalPlace& place, BytesView content) {
  ByteWriter hdr0;
  layout::put_common(hdr0, place.suite, Kind::local, place.vault, place.device, 0);
  hdr0.u32(place.generation).u16(place.purpose).u64(place.serial);
  return seal_framed<Kind::local>(key, hdr0.take(), content);
}

Result<OpenedLocal> open_local(const LocalKey& key, BytesView sealed) {
  auto content = open_framed(key, sealed, layout::local_hdr0);
  if (!content) return content.error();
  return OpenedLocal{place_of(sealed.first(layout::local_hdr0)), std::move(*content)};
}

std::uint32_t local_generation(BytesView sealed) {
  if (sealed.size() < layout::local_hdr0) return 0;
  return place_of(sealed.first(layout::local_hdr0)).generation;
}

}  // namespace vault::crypto
