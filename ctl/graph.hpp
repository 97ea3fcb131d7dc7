// SPDX-License-Identifier: Apache-2.0
// The branches of a history, drawn beside it: a column for each line of versions that goes on.
#pragma once

#include <string>
#include <vector>

#include "ipc/api.hpp"

namespace vault::ctl {

// A piece of the drawing for each version, newest first: "*" where it stands, "|" for lines that pass it by. Nothing
// for a history without branches.
std::vector<std::string> graph(const std::vector<ipc::HistoryVersion>& versions);

}  // namespace vault::ctl
