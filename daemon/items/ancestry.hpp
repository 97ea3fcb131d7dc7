// SPDX-License-Identifier: Apache-2.0
// Finds which versions of an item come from which: their graph, made of what each version replaces.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/chain/version.hpp"

namespace vault::daemon {

class Ancestry {
 public:
  // `history` holds all versions that are here. A replaced version need not be among them.
  explicit Ancestry(const std::vector<Version>& history);

  // Returns the nearest versions from which both `a` and any of `b` come; none of them comes from another. Ascending.
  std::vector<VersionId> nearest(const VersionId& a, const std::vector<VersionId>& b) const;

 private:
  using Set = std::unordered_set<VersionId>;
  void climb(const VersionId& from, Set& seen) const;

  std::unordered_map<VersionId, std::vector<VersionId>> replaces_;
};

}  // namespace vault::daemon
