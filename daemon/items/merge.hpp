// SPDX-License-Identifier: Apache-2.0
// Heads of one item made one where nobody has to choose: crypto/FORMAT.md §6, "Merging". Functions of what they are
// given, the same on every device.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keyring_body.hpp"
#include "daemon/items/items.hpp"

namespace vault::daemon {

// What a merge has to open.
struct MergeSteps {
  std::vector<Version> heads;                     // the winner first
  std::vector<std::vector<VersionId>> ancestors;  // of step i, which joins head i + 1 with those before it: the nearest
};

// Requires: heads of one item, the winner first, and its history.
MergeSteps merge_steps(std::vector<Version> heads, const std::vector<Version>& history);

// Versions that were opened. Null: a remove. Of one that is not among them nothing is known.
using OpenedVersions = std::map<VersionId, const ItemValue*>;

struct Merged {
  std::optional<ItemValue> value;    // nothing: all heads are removes, and so is what they make
  std::vector<std::string> clashes;  // where a person must choose; if there is any, nothing was merged
};

Merged merge_heads(const MergeSteps& steps, const OpenedVersions& opened);

// The device that writes the merge of these heads by itself: who wrote the first of them that is by an active device,
// or if none is, the active device with the least id. So one device does, and no two make the same merge twice.
std::optional<DeviceId> merging_device(const std::vector<Version>& heads,
                                       const std::vector<crypto::KeyringDevice>& devices);

}  // namespace vault::daemon
