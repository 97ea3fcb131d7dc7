// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.hpp"

#include "base/metrics_text.hpp"

namespace vault::server {

std::string to_text(const Metrics& m) {
  const auto now = [](std::uint64_t number) { return static_cast<double>(number); };
  return MetricsText{"vault_server"}
      .counter("connections", "Connections accepted.", m.connections)
      .counter("requests", "Requests that reached the protocol.", m.requests)
      .counter("refusals", "Requests refused before: malformed, too large, no room.", m.refusals)
      .counter("commits", "Database transactions made durable.", m.commits)
      .counter("notices", "Notices of a change sent over WebSockets.", m.notices)
      .gauge("chunks", "Chunks of large values stored.", now(m.chunks))
      .gauge("connections_open", "Connections open.", now(m.open))
      .gauge("sessions", "Sessions known.", now(m.sessions))
      .gauge("polls", "Long polls asleep.", now(m.polls))
      .gauge("watches", "WebSockets open.", now(m.watches))
      .take();
}

wire::HttpResponse answer_metrics(const wire::HttpRequest& request, const Metrics& metrics) {
  if (request.method != "GET" || request.target != "/metrics") return {404, {}, {}};
  const auto text = to_text(metrics);
  return {200, {{"Content-Type", std::string{metrics_type}}}, Bytes(text.begin(), text.end())};
}

}  // namespace vault::server
