// SPDX-License-Identifier: Apache-2.0
// Verifies what the table `chains` has beyond what was verified before: all of it, or nothing.
#pragma once

#include "daemon/chain/chain_reader.hpp"
#include "store/store.hpp"

namespace vault::daemon {

struct Verified {
  Ledger ledger;                 // of all chains, also those without new commits
  Findings findings;             // of the new commits
  std::vector<Reference> ahead;  // references beyond the end of our own chain, if OwnAhead::listed
};

// Says what it means if a commit names more of our own chain than there is: an error (refused), or something to fetch
// (listed). With lost_here it means nothing for each chain whose end this disk has lost, until that is here again.
enum class OwnAhead { refused, listed, lost_here };

// Returns the heads of others' chains that the newest keyring version has seen, if they are beyond `ledger`.
std::map<DeviceId, Head> named_beyond(const Keychain& keychain, const Ledger& ledger, const DeviceId& self);

// Takes each version as it is read, before everything is known to be good. The findings then contain no versions.
using TakeVersion = std::function<void(const std::string& name, Version version)>;

// Reads each chain of `until` from its head in `ledger` to the head given there; checks one signature a chain, and that
// everything exists which the new commits and the newest keyring name. `self` is this device, or zeros while it has
// none. Runs on the worker thread.
//
// Errors: those of ChainReader; gap if something is missing, fork if something has another hash. A commit of another
// member that names more of our own chain than there is may be a lie: only own commits, signed, prove it.
Result<Verified> verify(const store::Store& store, const Keychain& keychain, Ledger ledger,
                        const std::map<DeviceId, Head>& until, const DeviceId& self, const TakeVersion& take = {},
                        OwnAhead own_ahead = OwnAhead::refused);

}  // namespace vault::daemon
