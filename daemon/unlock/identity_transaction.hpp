// SPDX-License-Identifier: Apache-2.0
// Changes a device's identity in one transaction: the old chain ends at its cut, and what the old identity wrote beyond
// continues as commits of the new one. For new_identity.cpp.
#pragma once

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

struct IdentityTransaction {
  // The old identity.
  DeviceId old;
  std::uint64_t base = 0;      // own commits up to here stay
  std::vector<Sealed> branch;  // the commits after base, as the server has them
  Head cut;                    // the head of the old chain from then on
  EpochKeys keys;              // open own commits
  IdentityReason reason = IdentityReason::none;

  // The new identity.
  std::shared_ptr<const Keychain> keychain;  // its newest version has the new identity
  std::shared_ptr<const crypto::Identity> identity;
  Profile profile;
  UnsentIdentity unsent;
  std::uint32_t generation_before = 0;  // of the newest version that the server has

  // Verified with it, and not stored yet.
  std::vector<std::pair<std::uint32_t, Sealed>> keyrings;
  std::map<DeviceId, Head> heads;  // of all other chains
};

// Opens own commits beyond the base, except void ones, and seals their records again, with their version ids, after the
// commit that opens the new chain. Those that cannot be opened are counted in `meta`. Errors: those of write_commit.
Result<void> store_identity(store::WriteTxn& tx, const IdentityTransaction& swap);

}  // namespace vault::daemon
