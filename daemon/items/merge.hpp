// SPDX-License-Identifier: Apache-2.0
// Merges the heads of one item where nobody has to choose: crypto/FORMAT.md §6, "Merging". The result depends only on
// the arguments, so it is the same on every device.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keyring_body.hpp"
#include "daemon/items/items.hpp"

namespace vault::daemon {

// Says what a merge has to open.
struct MergeSteps {
  std::vector<Version> heads;  // the winner first
  // Lists the nearest common ancestors of each step. Step i joins head i + 1 with those before it.
  std::vector<std::vector<VersionId>> ancestors;
};

// Requires: `heads` of one item, the winner first, and its history.
MergeSteps merge_steps(std::vector<Version> heads, const std::vector<Version>& history);

// Holds the versions that were opened; null: a remove. A version that is absent could not be opened.
using OpenedVersions = std::map<VersionId, const ItemValue*>;

struct Merged {
  std::optional<ItemValue> value;    // nullopt: all heads are removes, and so is their merge
  std::vector<std::string> clashes;  // where a person must choose; if not empty, nothing was merged
};

Merged merge_heads(const MergeSteps& steps, const OpenedVersions& opened);

// Returns the device that has to write the merge of these heads: the author of the first head written by an active
// device; if there is none, the active device with the least id. So no two devices make the same merge.
std::optional<DeviceId> merging_device(const std::vector<Version>& heads,
                                       const std::vector<crypto::KeyringDevice>& devices);

}  // namespace vault::daemon
