// SPDX-License-Identifier: Apache-2.0
// Who a device is: its id and the private keys that it makes for itself, fresh on every join. crypto/FORMAT.md §9.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/box.hpp"
#include "crypto/key.hpp"
#include "crypto/local.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

struct Identity {
  DeviceId id;
  std::uint32_t epoch;
  OwnDeviceKey dk;
  CommitSigner sig;
  BoxPrivate box;
  RequestSigner net;
};

// What is mixed with the kernel's random bytes. Zeros for `previous` and its counter if there was no identity before.
struct IdentitySources {
  const VaultKey& vault_key;
  VaultId vault;
  DeviceId previous;
  std::uint64_t previous_counter;
  Hash keyring_hash;
  Hash fingerprint;
  std::uint64_t time_ms;
};

// At epoch 1. If the id is enrolled already, which takes a broken generator and a lost clock, make another one.
Identity new_identity(const IdentitySources& sources);

// The same device in its next epoch, with a new DK; `previous` is the device itself here, with its counter.
Identity next_epoch(const Identity& identity, const IdentitySources& sources);

// The private half at rest: local state of purpose 1, which leaves out `net`, and the id, which is in its place.
[[nodiscard]] Sealed seal_identity(const LocalKey& key, std::uint8_t suite, const VaultId& vault,
                                   std::uint32_t generation, const Identity& identity);

// Errors: tamper, also for another vault or device; downgrade.
[[nodiscard]] Result<Identity> open_identity(const LocalKey& key, BytesView sealed, const VaultId& vault,
                                             const DeviceId& id, RequestSigner net);

}  // namespace vault::crypto
