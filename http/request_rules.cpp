// SPDX-License-Identifier: Apache-2.0
#include "http/request_rules.hpp"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "http/answer.hpp"

namespace vault::server {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using wire::HttpResponse;

namespace {

using Head = http::header<true, http::fields>;

HttpResponse too_large(std::size_t most) {
  return refusal(413, Errc::limit, fmt::format("a request body holds up to {} bytes\n", most));
}

bool is_known(http::verb method) {
  for (auto known : {http::verb::get, http::verb::head, http::verb::post, http::verb::put, http::verb::delete_})
    if (method == known) return true;
  return false;
}

}  // namespace

std::optional<HttpResponse> answer_to(const HttpServerOptions& options, error_code error) {
  if (error.category() != make_error_code(http::error::bad_method).category()) return {};
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error == http::error::body_limit) return too_large(options.body_bytes);
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return refusal(431, Errc::limit, fmt::format("headers hold up to {} bytes\n", options.header_bytes));
  return refusal(400, Errc::usage, "malformed request\n");
}

std::optional<HttpResponse> objection_to(const Head& head) {
  if (head.count(http::field::transfer_encoding) > 0) return refusal(411, Errc::usage, "Content-Length is required\n");
  if (head.count(http::field::host) > 1 || (head.version() == 11 && head.count(http::field::host) == 0))
    return refusal(400, Errc::usage, "exactly one Host is required\n");
  if (!head.target().starts_with('/')) return refusal(400, Errc::usage, "the target is not a path\n");
  if (!is_known(head.method())) {
    auto answer = refusal(405, Errc::usage, "unknown method\n");
    answer.headers.push_back({"Allow", "GET, HEAD, POST, PUT, DELETE"});
    return answer;
  }
  const auto expect = head[http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue"))
    return refusal(417, Errc::usage, "unknown expectation\n");
  return {};
}

std::optional<HttpResponse> objection_to_body(const HttpServerOptions& options, const wire::HttpParser<true>& parser) {
  if (!options.body_limit) return {};
  const auto target = parser.get().target();
  const auto most = options.body_limit(std::string_view{target.data(), target.size()});
  if (parser.content_length().value_or(0) <= most) return {};
  return too_large(most);
}

}  // namespace vault::server
