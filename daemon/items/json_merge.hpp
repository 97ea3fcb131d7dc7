// SPDX-License-Identifier: Apache-2.0
// Two texts of JSON that come from one, or from none, made one again: crypto/FORMAT.md, "Merging".
//
// Objects merge member by member; anything else is an atom, which one side at most may have changed. What comes out is
// written as `ours` is written, its order and spaces; what only `theirs` has stands behind it as it is written there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "ipc/json_text.hpp"

namespace vault::daemon {

// Nothing when both sides changed one place to different things; then `clashes` gets a JSON pointer (RFC 6901) of each,
// behind `path`, a hundred at most. `base` may be null.
std::optional<Secret> merge_json(const ipc::JsonText* base, const ipc::JsonText& ours, const ipc::JsonText& theirs,
                                 const std::string& path, std::vector<std::string>& clashes);

// "application/json", and types that end so: "application/ld+json", whatever parameters follow.
bool is_json_type(std::string_view content_type);

}  // namespace vault::daemon
