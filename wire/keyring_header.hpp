// SPDX-License-Identifier: Apache-2.0
// Describes the public part of a keyring version: what a server may read, and hdr0 of the seal. crypto/FORMAT.md §7.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/sealed.hpp"

namespace vault::wire {

inline constexpr std::uint8_t keyring_kind = 16;

struct DeviceSlot {
  DeviceId device;
  Sealed slot;
};

struct PublicDevice {
  DeviceId id;
  SignKey net;  // checks the device's requests
  SignKey sig;  // checks its commits
  bool may_write = false;
  bool operator==(const PublicDevice&) const = default;
};

struct KeyringHeader {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId author;
  // segments and total are 0 in a header that is about to be sealed: crypto fills them in.
  std::uint32_t segments = 0;
  std::uint32_t total = 0;
  std::uint32_t version = 0;
  std::uint32_t generation = 0;
  Hash prev;
  std::vector<Hash> siblings;  // at most one: another keyring of version - 1 that this version replaces too
  Seed seed;
  SignKey auth;
  SignKey recovery_auth;  // zeros without a recovery code
  std::string account;
  Sealed password_slot;
  Sealed recovery_slot;  // empty without a recovery code
  std::vector<DeviceSlot> device_slots;
  std::vector<PublicDevice> devices;

  const PublicDevice* find(const DeviceId& id) const;
};

Bytes encode(const KeyringHeader& header);

struct DecodedKeyringHeader {
  KeyringHeader header;
  std::size_t size = 0;  // size of hdr0, which salt and ck follow
};

// Reads the public part of a whole keyring version. Errors: downgrade, limit, tamper, as decode_commit_header.
[[nodiscard]] Result<DecodedKeyringHeader> decode_keyring_header(BytesView keyring);

// True if `name` may be the name of an account: [a-z0-9._@-]{1,128}.
bool is_account(std::string_view name);

}  // namespace vault::wire
