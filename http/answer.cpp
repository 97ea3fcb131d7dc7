// SPDX-License-Identifier: Apache-2.0
#include "http/answer.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace vault::server {
namespace {

// Lists the phrases of RFC 9110 §15 that we send. A status without a phrase is valid too (RFC 9112 §4).
constexpr std::array phrases{
    std::pair{200, "OK"},
    std::pair{201, "Created"},
    std::pair{204, "No Content"},
    std::pair{206, "Partial Content"},
    std::pair{304, "Not Modified"},
    std::pair{400, "Bad Request"},
    std::pair{401, "Unauthorized"},
    std::pair{403, "Forbidden"},
    std::pair{404, "Not Found"},
    std::pair{405, "Method Not Allowed"},
    std::pair{409, "Conflict"},
    std::pair{411, "Length Required"},
    std::pair{413, "Content Too Large"},
    std::pair{416, "Range Not Satisfiable"},
    std::pair{417, "Expectation Failed"},
    std::pair{423, "Locked"},
    std::pair{429, "Too Many Requests"},
    std::pair{431, "Request Header Fields Too Large"},
    std::pair{500, "Internal Server Error"},
    std::pair{503, "Service Unavailable"},
    std::pair{507, "Insufficient Storage"},
};

const char* phrase_of(int status) {
  for (const auto& [known, phrase] : phrases)
    if (known == status) return phrase;
  return "";
}

}  // namespace

std::string head_of(const wire::HttpResponse& response, Then then) {
  auto head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, phrase_of(response.status));
  wire::append_headers(head, response.headers);
  if (has_length(response.status)) head += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (then == Then::close) head += "Connection: close\r\n";
  return head += "\r\n";
}

wire::HttpResponse refusal(int status, Errc error, std::string_view text) {
  const auto bytes = bytes_of(text);
  return {status,
          {{"Content-Type", "text/plain"}, {"Vaultd-Error", std::string{error_class(error).kind}}},
          Bytes(bytes.begin(), bytes.end())};
}

}  // namespace vault::server
