// SPDX-License-Identifier: Apache-2.0
// Merges two texts of JSON that come from a common one, or from none: crypto/FORMAT.md, "Merging".
//
// Objects merge member by member; anything else is an atom, which at most one side may have changed. The result is
// written as `ours` is, with its order and spaces; members that only `theirs` has follow, written as they are there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "ipc/json_text.hpp"

namespace vault::daemon {

// Returns the merge; nullopt if both sides changed one place to different things. `clashes` then gets a JSON pointer
// (RFC 6901) to each such place, prefixed with `path`, at most a hundred. `base` may be null.
std::optional<Secret> merge_json(const ipc::JsonText* base, const ipc::JsonText& ours, const ipc::JsonText& theirs,
                                 const std::string& path, std::vector<std::string>& clashes);

// True for "application/json" and types that end in "+json", like "application/ld+json", with any parameters.
bool is_json_type(std::string_view content_type);

}  // namespace vault::daemon
