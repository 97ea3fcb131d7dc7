// SPDX-License-Identifier: Apache-2.0
// Verifying what lies in the table `chains` beyond what was verified before: all of it, or nothing.
#pragma once

#include "daemon/chain/chain_reader.hpp"
#include "store/store.hpp"

namespace vault::daemon {

struct Verified {
  Ledger ledger;                 // of all chains, those that had nothing new included
  Findings findings;             // of what was new
  std::vector<Reference> ahead;  // references to our own chain that go beyond it, where they were asked for
};

// What a reference to more of our own chain than there is means: an error, or news for whoever is about to fetch it.
// Or, of every chain of which this disk has lost the end, nothing until it is here again.
enum class OwnAhead { refused, listed, lost_here };

// How far the newest version of the keyring has seen the chains of others, where that is beyond `ledger`.
std::map<DeviceId, Head> named_beyond(const Keychain& keychain, const Ledger& ledger, const DeviceId& self);

// Takes each version as it is read, before all of it is known to be good; findings have none then.
using TakeVersion = std::function<void(const std::string& name, Version version)>;

// Reads each chain of `until` from its head in `ledger` to the head given there, checks one signature a chain, and
// that everything which the new commits and the newest keyring name is there. `self` is this device: zeros while it
// has none. On the worker thread.
//
// Errors: those of ChainReader; gap when something is missing, fork when what is there has another hash. That
// somebody names more of our own chain than there is may be a member's lie: only own commits, signed, prove it.
Result<Verified> verify(const store::Store& store, const Keychain& keychain, Ledger ledger,
                        const std::map<DeviceId, Head>& until, const DeviceId& self, const TakeVersion& take = {},
                        OwnAhead own_ahead = OwnAhead::refused);

}  // namespace vault::daemon
