// SPDX-License-Identifier: Apache-2.0
// Which versions of an item come from which: the graph that its versions make by what each of them replaces.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/chain/version.hpp"

namespace vault::daemon {

class Ancestry {
 public:
  // Of all versions that are here. One that is replaced need not be among them.
  explicit Ancestry(const std::vector<Version>& history);

  // The nearest versions from which both `a` and any of `b` come: none of them comes from another. Ascending.
  std::vector<VersionId> nearest(const VersionId& a, const std::vector<VersionId>& b) const;

 private:
  using Set = std::unordered_set<VersionId>;
  void climb(const VersionId& from, Set& seen) const;

  std::unordered_map<VersionId, std::vector<VersionId>> replaces_;
};

}  // namespace vault::daemon
