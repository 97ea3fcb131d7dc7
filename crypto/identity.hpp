// SPDX-License-Identifier: Apache-2.0
// Makes a device's identity: its id and its own private keys, new on every join. crypto/FORMAT.md §9.
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

// Lists what is mixed with random bytes of the kernel. `previous` and its counter are zero if there was no identity
// before.
struct IdentitySources {
  const VaultKey& vault_key;
  VaultId vault;
  DeviceId previous;
  std::uint64_t previous_counter;
  Hash keyring_hash;
  Hash fingerprint;
  std::uint64_t time_ms;
};

// Makes an identity at epoch 1. If its id is already enrolled, which takes a broken generator and a lost clock, make
// another.
Identity new_identity(const IdentitySources& sources);

// Makes the next epoch of the same device, with a new DK. `sources.previous` is then the device itself, with its
// counter.
Identity next_epoch(const Identity& identity, const IdentitySources& sources);

// Seals the private half as local state of purpose 1. Leaves out `net`, which is stored unsealed, and the id, which is
// in the place.
[[nodiscard]] Sealed seal_identity(const LocalKey& key, std::uint8_t suite, const VaultId& vault,
                                   std::uint32_t generation, const Identity& identity);

// Opens what seal_identity() made. Errors: tamper, also for another vault or device; downgrade.
[[nodiscard]] Result<Identity> open_identity(const LocalKey& key, BytesView sealed, const VaultId& vault,
                                             const DeviceId& id, RequestSigner net);

}  // namespace vault::crypto
