// SPDX-License-Identifier: Apache-2.0
// Shows an item as lines to compare, in memory that is wiped: its type, its attributes, its value. JSON gets a line for
// each member, sorted by key; text stays as it is; of other values there is a description.
#pragma once

#include "base/secret.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {

// Requires: `item` has exactly one form of a value, as an answer of item.get has. Does not wipe `item`.
Secret shown_item(const ipc::GetResult& item);

}  // namespace vault::ctl
