// SPDX-License-Identifier: Apache-2.0
// An item's value as lines to compare, in memory that is wiped: its type, its attributes, and the value itself: JSON
// with a line for each member, in the order of their keys; text as it is; of anything else what can be said of it.
#pragma once

#include "base/secret.hpp"
#include "ipc/api.hpp"

namespace vault::ctl {

// Requires: `item` has one form of a value, as an answer of item.get has. Wipes nothing of `item`.
Secret shown_item(const ipc::GetResult& item);

}  // namespace vault::ctl
