// SPDX-License-Identifier: Apache-2.0
// Defines HTTP requests and answers as plain values for the rest of the program. Only http/server.cpp and
// http/client.cpp know how they travel.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/delivery.hpp"

namespace vault::wire {

// Compares names without regard to case: RFC 9110 §5.1.
inline bool same_header_name(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

struct HttpHeader {
  std::string name;
  std::string value;
  bool operator==(const HttpHeader&) const = default;
};

class HttpHeaders : public std::vector<HttpHeader> {
 public:
  using std::vector<HttpHeader>::vector;

  // Returns the value of the first header of that name, or nullptr. A header that is present and empty is not absent.
  const std::string* find(std::string_view name) const {
    for (const auto& header : *this)
      if (same_header_name(header.name, name)) return &header.value;
    return nullptr;
  }
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query as they were sent, never decoded: they get signed as they are
  HttpHeaders headers;       // when sending: all but Host, User-Agent and Content-Length, which the client adds
  Bytes body;
  std::string remote;  // on the server: the numeric address of the client, without its port
};

struct HttpResponse {
  int status = 200;     // 200 to 599
  HttpHeaders headers;  // when sending: all but Content-Length and Connection, which the server adds
  Bytes body;           // empty with 204 and 304
  std::shared_ptr<Delivery> delivery = {};  // on the server: learns when sending begins and ends
};

// True if every header can be written as it is. A line break in a value, for example, would begin another header.
inline bool are_writable(const HttpHeaders& headers) {
  auto printable = [](char c) { return c >= ' ' && c < 0x7f; };
  return std::all_of(headers.begin(), headers.end(), [&](const HttpHeader& header) {
    return !header.name.empty() && header.name.find_first_of(" :") == std::string::npos &&
           std::all_of(header.name.begin(), header.name.end(), printable) &&
           std::all_of(header.value.begin(), header.value.end(), printable);
  });
}

// Requires: are_writable(headers).
inline void append_headers(std::string& head, const HttpHeaders& headers) {
  for (const auto& header : headers) head.append(header.name).append(": ").append(header.value).append("\r\n");
}

}  // namespace vault::wire
