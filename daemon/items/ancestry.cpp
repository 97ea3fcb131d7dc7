// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/ancestry.hpp"

#include <algorithm>

namespace vault::daemon {

Ancestry::Ancestry(const std::vector<Version>& history) {
  for (const auto& version : history) replaces_.emplace(version.id, version.replaces);
}

// Adds all versions that `from` comes from, without itself.
void Ancestry::climb(const VersionId& from, Set& seen) const {
  std::vector<VersionId> waiting{from};
  while (!waiting.empty()) {
    const auto at = replaces_.find(waiting.back());
    waiting.pop_back();
    if (at == replaces_.end()) continue;
    for (const auto& id : at->second)
      if (seen.insert(id).second) waiting.push_back(id);
  }
}

std::vector<VersionId> Ancestry::nearest(const VersionId& a, const std::vector<VersionId>& b) const {
  Set of_a, of_b;
  climb(a, of_a);
  for (const auto& id : b) climb(id, of_b);
  std::erase_if(of_a, [&of_b](const auto& id) { return !of_b.contains(id); });
  auto nearest = of_a;
  for (const auto& id : of_a)
    if (const auto at = replaces_.find(id); at != replaces_.end())
      for (const auto& farther : at->second) nearest.erase(farther);
  std::vector<VersionId> out{nearest.begin(), nearest.end()};
  std::ranges::sort(out);
  return out;
}

}  // namespace vault::daemon
