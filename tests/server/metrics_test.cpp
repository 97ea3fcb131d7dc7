// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.hpp"

#include "tests/server/api_client.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::server;
using tests::plain;

TEST_CASE("metrics are what OpenMetrics says: a family once, with type and help before its value, and an end") {
  const auto answer = answer_metrics(plain("GET", "/metrics"), {.connections = 1, .requests = 22, .notices = 333});
  CHECK(answer.status == 200);
  CHECK(answer.headers.find("Content-Type")->starts_with("application/openmetrics-text; version=1.0.0"));
  const std::string text{text_of(answer.body)};
  CHECK(
      text.starts_with("# TYPE vault_server_connections counter\n"
                       "# HELP vault_server_connections Connections accepted.\n"
                       "vault_server_connections_total 1\n"));
  CHECK(text.find("\nvault_server_requests_total 22\n") != text.npos);
  CHECK(text.find("\nvault_server_notices_total 333\n") != text.npos);
  CHECK(text.ends_with("\n# EOF\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 10 * 3 + 1);
}

TEST_CASE("the metrics listener answers nothing else") {
  for (const auto& [method, target] : {std::pair{"GET", "/"}, {"POST", "/metrics"}, {"GET", "/v1/heads"}})
    CHECK(answer_metrics(plain(method, target), {}).status == 404);
}
