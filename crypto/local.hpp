// SPDX-License-Identifier: Apache-2.0
// Seals and opens local state: what a device keeps on its own disk for itself, sealed under the vault key. Kind 21 of
// crypto/FORMAT.md.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/key.hpp"

namespace vault::crypto {

inline constexpr std::uint16_t identity_purpose = 1;  // store/SCHEMA.md lists the other purposes

struct LocalPlace {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId device;
  std::uint32_t generation = 0;
  std::uint16_t purpose = 0;
  std::uint64_t serial = 0;  // its meaning depends on the purpose
  bool operator==(const LocalPlace&) const = default;
};

[[nodiscard]] Sealed seal_local(const LocalKey& key, const LocalPlace& place, BytesView content);

struct OpenedLocal {
  // Authentic. The caller checks that it is the place that was expected.
  LocalPlace place;
  Secret content;
};

// Errors: downgrade, tamper.
[[nodiscard]] Result<OpenedLocal> open_local(const LocalKey& key, BytesView sealed);

// Returns the generation of the vault key that opens `sealed`, without opening it; 0 if it states none.
std::uint32_t local_generation(BytesView sealed);

}  // namespace vault::crypto
