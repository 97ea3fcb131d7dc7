// SPDX-License-Identifier: Apache-2.0
// Merges the heads of items: on request, and automatically after a pull, for the items that this device has to merge.
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
  std::vector<VersionId> ancestors;  // nearest to the first two heads
  Merged merged;
};

// Opens the heads of an item and merges them, off the loop. Requires: the item has a head.
asio::awaitable<MergeTry> try_merge(Threads& threads, std::shared_ptr<const store::Store> store,
                                    std::shared_ptr<Unlocked> vault, std::string name);

// Returns the write that replaces exactly these heads with their merge.
ItemWrite write_of(std::string name, MergeTry merge);

class AutoMerge {
 public:
  explicit AutoMerge(std::shared_ptr<LocalVault> device) : device_(std::move(device)) {}

  // Merges what can be merged of the items that this device has to merge. Heads that clash are not opened again until
  // there are others. For use after a verified pull.
  asio::awaitable<void> settle();

 private:
  using Tried = std::map<std::string, std::vector<VersionId>, std::less<>>;  // the heads of each item, ascending

  bool is_due(const Unlocked& vault, const std::string& name) const;
  asio::awaitable<void> write(std::shared_ptr<Unlocked> vault, std::vector<ItemWrite> writes);

  std::shared_ptr<LocalVault> device_;
  Tried tried_;
};

}  // namespace vault::daemon
