// SPDX-License-Identifier: Apache-2.0
// Stores the index on the disk, so that an unlock reads pages and not commits: the index's pages, each sealed, and a
// root that names the pages, the heads that they cover, and all that must be known to read on from there.
// store/SCHEMA.md.
//
// A snapshot only saves time. If it is missing, or does not fit the commits, it is not used and all commits are read.
// It is made from time to time, in one transaction; in between only commits are written.
#pragma once

#include <optional>

#include "daemon/chain/chain_reader.hpp"
#include "daemon/chain/clock.hpp"
#include "daemon/index/index.hpp"
#include "daemon/os/wall_time.hpp"
#include "store/store.hpp"

namespace vault::daemon {

// Holds what is known of a vault's commits.
struct Contents {
  Ledger ledger;
  Index index;
  HybridClock clock;                 // above all that was accepted
  std::uint64_t last_serial = 0;     // of the last stored page
  std::uint64_t saved_versions = 0;  // so many versions of the index are in the snapshot
  bool own_damaged = false;          // own commits that no server has are left out: the disk changed them

  void add(std::string_view name, Version version) {
    clock.saw(version.clock, wall_time());
    index.add(name, std::move(version));
  }
};

// Says what a snapshot will contain. Made in one moment, on the loop; shares the pages, which do not change.
struct SnapshotPlan {
  std::shared_ptr<const Keychain> keychain;
  DeviceId device;
  std::vector<Index::Slot> slots;  // all have a serial; those above `sealed_to` are to be sealed
  std::uint64_t sealed_to = 0;
  std::uint64_t last_serial = 0;
  Bytes root;
};

// Requires: Index::fold() returned 0.
SnapshotPlan plan_snapshot(const Index& index, const Ledger& ledger, std::uint64_t clock, std::uint64_t last_serial,
                           std::shared_ptr<const Keychain> keychain, const DeviceId& device);

struct SealedSnapshot {
  Sealed root;
  std::vector<std::pair<std::uint64_t, Sealed>> pages;  // the new ones, by serial
  std::vector<std::uint64_t> used;                      // the serials of all, ascending
};

// Seals a snapshot, on the worker. Returns nullopt if it would be too large to store: an index of gigabytes.
std::optional<SealedSnapshot> seal_snapshot(const SnapshotPlan& plan);

// Replaces the stored snapshot.
void put_snapshot(store::WriteTxn& tx, const SealedSnapshot& checkpoint);

// Returns the stored contents; contents without a chain if no snapshot may be used with these keys and verified heads.
// Errors: those of the store.
Result<Contents> load_snapshot(const store::Store& store, const Keychain& keychain, const DeviceId& device,
                               const std::map<DeviceId, Head>& heads);

}  // namespace vault::daemon
