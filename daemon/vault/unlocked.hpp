// SPDX-License-Identifier: Apache-2.0
// Holds all that exists only while the vault is unlocked. Locking destroys it: every key, the index, and the plans.
//
// Lives on the event loop. Other threads get what they need of it as shared constants: the keychain and the identity
// never change, they are replaced.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "crypto/identity.hpp"
#include "daemon/chain/clock.hpp"
#include "daemon/index/snapshot.hpp"

namespace vault::daemon {

class Unlocked {
 public:
  using Attributes = std::map<std::string, std::string>;

  Unlocked(std::shared_ptr<const Keychain> keychain, std::shared_ptr<const crypto::Identity> identity,
           Contents contents);

  const DeviceId& self() const { return identity->id; }
  const ChainState& own_chain() const { return ledger.at(self()); }

  // True if the vault key has changed since the present epoch began: the next commit must open another epoch.
  bool needs_epoch() const { return planned_generation_ != keychain->head().generation; }
  void planned_epoch(std::shared_ptr<const crypto::Identity> next);  // that commit is queued for the writer

  // Return the next commit's seq, and the heads that have moved since a plan last named them.
  std::uint64_t next_seq() const { return planned_seq_ + 1; }
  crypto::SeenVector unseen() const;
  Head named(const DeviceId& device) const;  // last named by plans; seq 0: never
  crypto::SeenVector all_seen() const;       // heads of all other chains, for a checkpoint; none below what was named
  void planned(const crypto::SeenVector& seen);  // that commit is queued for the writer

  // Returns the heads of an item as its next write finds them: those in the index and those queued for it.
  std::vector<VersionId> planned_heads(const std::string& name) const;
  bool has_heads(const std::string& name, const std::vector<VersionId>& ascending) const;  // those and no others
  bool will_exist(const std::string& name) const;
  void plan(const std::string& name, Version version, Attributes attributes);

  // Holds what the next write of an item replaces. There is a winner if the item exists. Its attributes are there only
  // if it is not durable yet; else they are read from its record.
  struct Replaced {
    std::vector<VersionId> heads;  // those of planned_heads()
    std::optional<Version> winner;
    std::optional<Attributes> attributes;
  };
  Replaced replaced(const std::string& name) const;

  // Record that a version of a planned commit is durable; after all of its versions, that the commit is.
  void written(const std::string& name, const Version& version);
  void written(const Head& head, std::uint64_t counter_end);
  void written_epoch(std::shared_ptr<const crypto::Identity> next, std::uint32_t generation, const Head& head,
                     std::uint64_t counter_end);
  // Forgets all plans that are not durable by now: they never will be.
  void plans_failed();

  // Moves the chains of other devices to what was verified and stored.
  void advance(const Ledger& ledger);
  void add(std::string_view name, Version version);

  // Returns how many versions are not in the snapshot.
  std::uint64_t unsaved() const { return index.counts().versions - saved_versions_; }
  SnapshotPlan plan_snapshot() const;                            // requires: Index::fold() returned 0
  void saved(const SnapshotPlan& plan, std::uint64_t versions);  // `versions` were in the index when the plan was made

  std::shared_ptr<const Keychain> keychain;
  std::shared_ptr<const crypto::Identity> identity;
  Ledger ledger;
  Index index;
  HybridClock clock;
  Hash fingerprint;         // of machine and folder
  bool installing = false;  // verified versions are being put into the index, slice by slice

 private:
  void replace_planned(const std::string& name, std::vector<VersionId>& heads) const;

  std::uint64_t planned_seq_ = 0;
  std::uint32_t planned_generation_ = 0;
  std::shared_ptr<const crypto::Identity> durable_identity_;  // of the epoch that the chain is in
  std::uint64_t saved_versions_, last_serial_;
  crypto::SeenVector named_;                                         // by own commits, planned ones included
  std::deque<std::pair<std::uint64_t, crypto::SeenVector>> naming_;  // by commits not durable yet: seq, heads
  struct Planned {
    Version version;
    Attributes attributes;
  };
  std::map<std::string, std::vector<Planned>, std::less<>> planned_;  // not durable yet
};

}  // namespace vault::daemon
