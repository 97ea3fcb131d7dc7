// SPDX-License-Identifier: Apache-2.0
// Describes one write of an item: when, by whom, in place of what, and where its record is sealed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/record.hpp"

namespace vault::daemon {

using crypto::VersionId;

// Names a record in a commit of a chain.
struct Location {
  DeviceId device;
  std::uint64_t seq = 0;
  std::uint32_t record = 0;
  bool operator==(const Location&) const = default;
};

struct Version {
  VersionId id;
  Location at;
  crypto::Operation operation = crypto::Operation::put;
  std::uint64_t clock = 0, wall = 0;
  std::uint64_t size = 0;  // bytes of the value
  std::string content_type;
  std::vector<VersionId> replaces;
  bool operator==(const Version&) const = default;

  static Version of(const crypto::RecordView& record, Location at);
};

// True if `a` wins over `b` when both are heads of an item.
inline bool wins_over(const Version& a, const Version& b) {
  return crypto::wins_over({a.operation, a.clock, a.id}, {b.operation, b.clock, b.id});
}

}  // namespace vault::daemon
