// SPDX-License-Identifier: Apache-2.0
// The one transaction in which a device changes its identity: the old chain ends at its cut, and what the old identity
// wrote beyond goes on as commits of the new one. For roll.cpp.
#pragma once

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

struct IdentityTransaction {
  // Of the old identity.
  DeviceId old;
  std::uint64_t base = 0;      // own commits up to here stay
  std::vector<Sealed> branch;  // that come after, as the server has them
  Head cut;                    // the head of the old chain then
  EpochKeys keys;              // that open own commits
  IdentityReason reason = IdentityReason::none;

  // Of the new one.
  std::shared_ptr<const Keychain> keychain;  // newest: the version that has it
  std::shared_ptr<const crypto::Identity> identity;
  Profile profile;
  UnsentIdentity unsent;
  std::uint32_t generation_before = 0;  // of the newest version that the server has

  // Verified with it, and not stored yet.
  std::vector<std::pair<std::uint32_t, Sealed>> keyrings;
  std::map<DeviceId, Head> heads;  // of all other chains
};

// Own commits beyond the base are opened and their records sealed again, with their version ids, behind the commit that
// opens the new chain; but for void ones. Those that do not open are counted in `meta`. Errors: those of write_commit.
Result<void> store_identity(store::WriteTxn& tx, const IdentityTransaction& swap);

}  // namespace vault::daemon
