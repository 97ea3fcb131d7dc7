// SPDX-License-Identifier: Apache-2.0
// Computes three short proofs: name tags of the local index, the MAC of the anchor, and state codes.
#pragma once

#include <string>
#include <string_view>

#include "crypto/key.hpp"

namespace vault::crypto {

// Returns where an item is in the local index. It says nothing about the name to whoever has no key.
Hash name_tag(const NameTagKey& key, std::string_view name);

// Returns the MAC over the bytes of an anchor slot: store/SCHEMA.md.
Hash anchor_mac(const AnchorKey& key, BytesView bytes);

// Returns the state code of a checkpoint commit: twenty digits in four groups of five. crypto/FORMAT.md §8.
std::string state_code(const VaultId& vault, const Hash& checkpoint);

}  // namespace vault::crypto
