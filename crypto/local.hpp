// SPDX-License-Identifier: Apache-2.0
// Local state: what a device keeps on its own disk and nobody else reads, sealed under the vault key. Kind 21 of
// crypto/FORMAT.md.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/key.hpp"

namespace vault::crypto {

inline constexpr std::uint16_t identity_purpose = 1;  // the other purposes are in store/SCHEMA.md

struct LocalPlace {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId device;
  std::uint32_t generation = 0;
  std::uint16_t purpose = 0;
  std::uint64_t serial = 0;  // as the purpose defines it
  bool operator==(const LocalPlace&) const = default;
};

[[nodiscard]] Sealed seal_local(const LocalKey& key, const LocalPlace& place, BytesView content);

struct OpenedLocal {
  LocalPlace place;  // authentic; that it is the expected one is for the caller to check
  Secret content;
};

// Errors: downgrade, tamper.
[[nodiscard]] Result<OpenedLocal> open_local(const LocalKey& key, BytesView sealed);

// The generation of a sealed local state, before it is opened: which vault key it needs. 0 if it has none.
std::uint32_t local_generation(BytesView sealed);

}  // namespace vault::crypto
