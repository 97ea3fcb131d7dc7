// SPDX-License-Identifier: Apache-2.0
// Merging the heads of items: on request, and by itself after a pull, for those of which it falls to this device.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/items/merge.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

struct MergeTry {
  std::vector<Version> heads;        // as they were, the winner first
  std::vector<VersionId> ancestors;  // that are nearest to the first two of them
  Merged merged;
};

// Opens the heads of an item and merges them, off the loop. Requires: the item has a head.
asio::awaitable<MergeTry> try_merge(Threads& threads, std::shared_ptr<const store::Store> store,
                                    std::shared_ptr<Unlocked> vault, std::string name);

// The write that puts the merge in the place of its heads, and only of these.
ItemWrite write_of(std::string name, MergeTry merge);

class AutoMerge {
 public:
  explicit AutoMerge(std::shared_ptr<LocalVault> device) : device_(std::move(device)) {}

  // AutoMerge what can be, of the items of which it falls to this device. Heads that clash are not opened again until
  // there are others. After a pull that was verified.
  asio::awaitable<void> settle();

 private:
  using Tried = std::map<std::string, std::vector<VersionId>, std::less<>>;  // the heads of each item, ascending

  bool is_due(const Unlocked& vault, const std::string& name) const;
  asio::awaitable<void> write(std::shared_ptr<Unlocked> vault, std::vector<ItemWrite> writes);

  std::shared_ptr<LocalVault> device_;
  Tried tried_;
};

}  // namespace vault::daemon
