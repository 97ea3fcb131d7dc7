// SPDX-License-Identifier: Apache-2.0
#include "daemon/chain/version.hpp"

namespace vault::daemon {

Version Version::of(const crypto::RecordView& record, Location at) {
  return {.id = record.id,
          .at = at,
          .operation = record.operation,
          .clock = record.clock,
          .wall = record.wall_ms,
          .size = record.length(),
          .content_type = std::string{record.content_type},
          .replaces = record.replaces};
}

}  // namespace vault::daemon
