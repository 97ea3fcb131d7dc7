// SPDX-License-Identifier: Apache-2.0
// Reads a chain by the rules of crypto/FORMAT.md §6, commit by commit, and returns what each commit says.
//
// The same code reads what an unlock finds on the disk and what a pull brings: nothing is believed because of where it
// lies.
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

// Holds the key of an epoch of a chain, and where it came from.
struct EpochKey {
  std::uint64_t seq = 0;  // of the epoch's first commit, which holds the key
  std::shared_ptr<const crypto::DeviceKey> key;
};
using EpochKeys = std::map<std::uint32_t, EpochKey>;

// Holds what must be known of any chain to read on. Small, and copied freely.
struct ChainState {
  Head head;
  std::uint32_t epoch = 0;
  std::uint32_t generation = 0;       // of the epoch's key
  std::uint32_t keyring_version = 0;  // named by the head
  std::uint64_t counter_end = 0;      // the least counter that the next commit may have
  std::uint64_t last_wall = 0;        // ms, of the newest record; 0: none
  crypto::SeenVector named;           // the newest head that this chain named of each other chain
  EpochKeys keys;
};

using Ledger = std::map<DeviceId, ChainState>;

std::map<DeviceId, Head> heads_of(const Ledger& ledger);  // of the chains that are not empty

// Holds a (device, seq, hash) that a verified commit or keyring names. That commit must exist.
struct Reference {
  DeviceId device;
  Head head;
  auto operator<=>(const Reference&) const = default;
};

// Holds a base, and the seq where it lets a reader start. No jump below the base may pass over `start`.
struct Base {
  DeviceId device;
  std::uint64_t seq = 0, start = 0;
};

// Collects what was read.
struct Findings {
  std::vector<std::pair<std::string, Version>> versions;  // name and version, in the order of the chain
  std::set<Reference> references;
  std::vector<Base> bases;
  std::vector<Reference> checkpoints;  // the commits whose state codes people compare
};

class ChainReader {
 public:
  // Reads on from `state`. Requires: `keychain` outlives the reader.
  ChainReader(const Keychain& keychain, const DeviceId& device, ChainState state);

  // Reads the next commit. Its signature is not checked: see verify_newest(). But if a jump passes over the last commit
  // read, that commit must be signed. Errors: tamper, downgrade, limit; rollback if the commit names a keyring version
  // newer than any here, fork if it names one with another hash.
  [[nodiscard]] Result<void> read(BytesView commit, Findings& findings);

  // True if the device signed the last commit read. Then all commits before it are the device's too.
  [[nodiscard]] bool verify_newest() const;

  // True if the keyring cuts the chain here: later commits are stored and not read.
  bool at_cut() const;

  // passes_over_cut(): true if the next commit is a jump that makes the cut void. If is_cut_by(), the device signed the
  // jump and the chain ends at the last commit read; another jump counts for nothing.
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

// Returns the key in an epoch commit that was verified before. Errors: store_damaged if the commit is not of this chain
// and epoch.
Result<EpochKey> read_epoch_key(const Keychain& keychain, BytesView commit, const DeviceId& device,
                                std::uint32_t epoch);

// Opens a commit that was verified before, and gives its records to `use`; they live only during that call. Errors:
// store_damaged if it is not the commit of that device and seq.
Result<void> with_records(BytesView commit, const EpochKeys& keys, const DeviceId& device, std::uint64_t seq,
                          const std::function<void(const std::vector<crypto::RecordView>&)>& use);

}  // namespace vault::daemon
