// SPDX-License-Identifier: Apache-2.0
// Writes the server's numbers in the text format of OpenMetrics, for a separate listener. No number is of one account.
#pragma once

#include <cstdint>
#include <string>

#include "http/message.hpp"

namespace vault::server {

struct Metrics {
  std::uint64_t connections = 0;  // accepted since the start
  std::uint64_t requests = 0;     // handled by the protocol
  std::uint64_t refusals = 0;     // refused before: malformed, too large, no room
  std::uint64_t commits = 0;      // database transactions made durable
  std::uint64_t chunks = 0;       // of large values in the database
  std::uint64_t open = 0;         // connections open now
  std::uint64_t sessions = 0;     // open now
  std::uint64_t polls = 0;        // long polls waiting now
  std::uint64_t watches = 0;      // WebSockets open now
  std::uint64_t notices = 0;      // sent over WebSockets
};

std::string to_text(const Metrics& metrics);

// Returns the text for GET /metrics, 404 for every other request.
wire::HttpResponse answer_metrics(const wire::HttpRequest& request, const Metrics& metrics);

}  // namespace vault::server
