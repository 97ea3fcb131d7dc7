// SPDX-License-Identifier: Apache-2.0
// Reading a chain: the rules of crypto/FORMAT.md §6, commit by commit, and what each commit says.
//
// The same code reads what an unlock finds on the disk and what a pull brings: nothing is believed because of
// where it lies.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "crypto/content.hpp"
#include "daemon/chain/version.hpp"
#include "daemon/keyring/keychain.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {

// The key of an epoch of a chain, and where it came from.
struct EpochKey {
  std::uint64_t seq = 0;  // of the epoch's first commit, which holds the key
  std::shared_ptr<const crypto::DeviceKey> key;
};
using EpochKeys = std::map<std::uint32_t, EpochKey>;

// What must be known of a chain to read on: of another device or of one's own. Small, and copied freely.
struct ChainState {
  Head head;
  std::uint32_t epoch = 0;
  std::uint32_t generation = 0;       // of the epoch's key
  std::uint32_t keyring_version = 0;  // that the head names
  std::uint64_t counter_end = 0;      // the least counter that the next commit may have
  std::uint64_t last_wall = 0;        // ms, of the newest record; 0: none
  crypto::SeenVector named;           // the newest head that it named, for each other chain
  EpochKeys keys;
};

using Ledger = std::map<DeviceId, ChainState>;

std::map<DeviceId, Head> heads_of(const Ledger& ledger);  // of the chains that are not empty

// A (device, seq, hash) that a verified commit or keyring names, so that it must be there.
struct Reference {
  DeviceId device;
  Head head;
  auto operator<=>(const Reference&) const = default;
};

// A base, and the seq where a reader may start by it. No jump below the base may pass over that one.
struct Base {
  DeviceId device;
  std::uint64_t seq = 0, start = 0;
};

// What reading gave.
struct Findings {
  std::vector<std::pair<std::string, Version>> versions;  // name and version, in the order of the chain
  std::set<Reference> references;
  std::vector<Base> bases;
  std::vector<Reference> checkpoints;  // the commits whose state codes people compare
};

class ChainReader {
 public:
  // `keychain` outlives the reader. Reads on from `state`.
  ChainReader(const Keychain& keychain, const DeviceId& device, ChainState state);

  // The next commit. Its signature is not looked at, see verify_newest(); but where a jump passes over the end of what
  // was read, that must be signed. Errors: tamper, downgrade, limit; rollback
  // for a keyring version that is newer than any here, fork for another hash of one that is here.
  [[nodiscard]] Result<void> read(BytesView commit, Findings& findings);

  // Whether the last commit read is signed by the device: then all before it are the device's too.
  [[nodiscard]] bool verify_newest() const;

  // Whether the keyring cuts the chain here: what comes after is kept and not read.
  bool at_cut() const;

  // Whether the cut lies among commits that the next one, a jump, makes void: of a jump that the device signed the
  // chain ends at the last commit read, and of another one nothing counts.
  bool passes_over_cut(BytesView commit) const;
  bool is_cut_by(BytesView jump) const;

  const ChainState& state() const { return state_; }
  ChainState take() { return std::move(state_); }

 private:
  bool follows(const wire::CommitHeader& header) const;
  bool leaves_behind(const wire::CommitHeader& header) const;
  Result<void> check_header(const wire::CommitHeader& header) const;
  Result<void> check_place(const wire::CommitHeader& header) const;
  Result<void> check_jump(const wire::CommitHeader& header) const;
  Result<void> check_keyring(const wire::CommitHeader& header) const;
  Result<void> read_epoch(const wire::CommitHeader& header, BytesView commit, Findings& findings);
  Result<void> read_content(const wire::CommitHeader& header, BytesView commit, Findings& findings);
  Result<void> check_base(const wire::CommitHeader& header, const crypto::BaseStart& base, Findings& findings) const;
  Result<void> take_seen(const crypto::SeenVector& seen, bool all, Findings& findings);

  const Keychain& keychain_;
  DeviceId device_;
  const crypto::KeyringDevice* entry_;  // null if the keyring does not have the device
  ChainState state_;
  Bytes newest_;
};

// The key in an epoch commit that was verified before. Errors: store_damaged when it is not one of this chain and
// epoch.
Result<EpochKey> read_epoch_key(const Keychain& keychain, BytesView commit, const DeviceId& device,
                                std::uint32_t epoch);

// Opens a commit that was verified before, for its records: for a get. What `use` gets lives as long as its call.
// Errors: store_damaged when it is not the commit of that device and seq.
Result<void> with_records(BytesView commit, const EpochKeys& keys, const DeviceId& device, std::uint64_t seq,
                          const std::function<void(const std::vector<crypto::RecordView>&)>& use);

}  // namespace vault::daemon
