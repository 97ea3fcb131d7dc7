// SPDX-License-Identifier: Apache-2.0
#include "ctl/graph.hpp"

#include <algorithm>

namespace vault::ctl {
namespace {

constexpr std::size_t most_lanes = 16;  // a wider drawing tells a person nothing

class Lanes {
 public:
  std::string row(const ipc::HistoryVersion& version) {
    const auto here = take(version.version);
    std::string out;
    for (std::size_t i = 0; i < next_.size(); ++i) out += i == here ? '*' : next_[i].empty() ? ' ' : '|';
    for (auto& next : next_)
      if (next == version.version) next.clear();
    for (const auto& replaced : version.replaces) follow(replaced, here);
    out.resize(std::min(out.size(), most_lanes));
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  }

 private:
  std::size_t free() {
    const auto at = std::ranges::find(next_, std::string{});
    if (at != next_.end()) return static_cast<std::size_t>(at - next_.begin());
    next_.emplace_back();
    return next_.size() - 1;
  }

  // Returns the first lane that waits for this version, or a new one.
  std::size_t take(const std::string& version) {
    const auto at = std::ranges::find(next_, version);
    if (at != next_.end()) return static_cast<std::size_t>(at - next_.begin());
    const auto lane = free();
    next_[lane] = version;
    return lane;
  }

  // Makes a lane wait for `version`, unless one does already: `lane` if it is free, else another.
  void follow(const std::string& version, std::size_t lane) {
    if (std::ranges::find(next_, version) != next_.end()) return;
    next_[next_[lane].empty() ? lane : free()] = version;
  }

  std::vector<std::string> next_;  // the version that each lane waits for; empty if the lane is free
};

}  // namespace

std::vector<std::string> graph(const std::vector<ipc::HistoryVersion>& versions) {
  Lanes lanes;
  std::vector<std::string> out;
  for (const auto& version : versions) out.push_back(lanes.row(version));
  const bool straight = std::ranges::all_of(out, [](const auto& row) { return row == "*"; });
  return straight ? std::vector<std::string>{} : out;
}

}  // namespace vault::ctl
