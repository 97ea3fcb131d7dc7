// SPDX-License-Identifier: Apache-2.0
// The server's numbers in the text format of OpenMetrics, for a listener of their own. No number is of one account.
#pragma once

#include <cstdint>
#include <string>

#include "http/message.hpp"

namespace vault::server {

struct Metrics {
  std::uint64_t connections = 0;  // accepted since the start
  std::uint64_t requests = 0;     // that reached the protocol
  std::uint64_t refusals = 0;     // that did not: malformed, too large, no room
  std::uint64_t commits = 0;      // database transactions made durable
  std::uint64_t chunks = 0;       // of large values, in the database now
  std::uint64_t open = 0;         // connections now
  std::uint64_t sessions = 0;     // now
  std::uint64_t polls = 0;        // long polls asleep now
  std::uint64_t watches = 0;      // WebSockets open now
  std::uint64_t notices = 0;      // sent over them
};

std::string to_text(const Metrics& metrics);

// The text for GET /metrics, 404 for the rest.
wire::HttpResponse answer_metrics(const wire::HttpRequest& request, const Metrics& metrics);

}  // namespace vault::server
