#include "server/metrics.hpp"

#include <fmt/format.h>

namespace vault::server {
namespace {

void add(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  out += fmt::format("# HELP vault_server_{0} {2}\n# TYPE vault_server_{0} {1}\nvault_server_{0} {3}\n", name, type,
                     help, value);
}

}  // namespace

std::string to_text(const Metrics& m) {
  std::string out;
  add(out, "connections_total", "counter", "Connections accepted.", m.connections);
  add(out, "requests_total", "counter", "Requests that reached the protocol.", m.requests);
  add(out, "refusals_total", "counter", "Requests refused before: malformed, too large, no room.", m.refusals);
  add(out, "commits_total", "counter", "Database transactions made durable.", m.commits);
  add(out, "connections", "gauge", "Connections open.", m.open);
  add(out, "sessions", "gauge", "Sessions known.", m.sessions);
  add(out, "polls", "gauge", "Long polls asleep.", m.polls);
  add(out, "watches", "gauge", "WebSockets open.", m.watches);
  add(out, "notices_total", "counter", "Notices of a change sent over WebSockets.", m.notices);
  return out;
}

wire::HttpResponse answer_metrics(const wire::HttpRequest& request, const Metrics& metrics) {
  if (request.method != "GET" || request.target != "/metrics") return {404, {}, {}};
  const auto text = to_text(metrics);
  return {200, {{"Content-Type", "text/plain; version=0.0.4"}}, Bytes(text.begin(), text.end())};
}

}  // namespace vault::server
