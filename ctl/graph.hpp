// SPDX-License-Identifier: Apache-2.0
// Draws the branches of a history beside it, with a column for each line of versions that goes on.
#pragma once

#include <string>
#include <vector>

#include "ipc/api/item.hpp"

namespace vault::ctl {

// Returns a piece of the drawing for each version, newest first: "*" at the version, "|" for lines that pass by. Empty
// for a history without branches.
std::vector<std::string> graph(const std::vector<ipc::HistoryVersion>& versions);

}  // namespace vault::ctl
