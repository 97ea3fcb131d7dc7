// SPDX-License-Identifier: Apache-2.0
// Where a server is: scheme, host and port, in one canonical text.
//
// The text is signed into every request, so two spellings of one place must give the same bytes, and what a
// person typed is read strictly: https://HOST[:PORT][/], or http:// when HOST is a loopback address or
// "localhost". HOST is a DNS name in ASCII, an IPv4 address, or an IPv6 address in brackets. No user, path,
// query or fragment; no blanks; no second spelling of an IPv4 address.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace vault::wire {

// HOST or HOST:PORT, as an origin has it and as a server is told where to listen.
struct HostPort {
  std::string host;                   // lower-case; addresses in their canonical form, IPv6 without brackets
  std::optional<std::uint16_t> port;  // 0 is allowed here: a listener's "any"

  // Fails with Errc::server_url_bad.
  static Result<HostPort> parse(std::string_view text);

  bool is_loopback() const;  // 127.0.0.0/8, ::1 or "localhost"
  bool is_address() const;   // numeric: there is nothing to resolve
  std::string text() const;  // IPv6 in brackets, the port if there is one
  bool operator==(const HostPort&) const = default;
};

class Origin {
 public:
  // Fails with Errc::server_url_bad, or Errc::plain_http for http:// to anything but loopback.
  static Result<Origin> parse(std::string_view text);

  // "https://host" or "https://host:port": lower-case, no default port, no slash at the end.
  const std::string& text() const { return text_; }
  // The same without the scheme: the Host header.
  std::string_view authority() const { return std::string_view{text_}.substr(tls_ ? 8 : 7); }
  const std::string& host() const { return host_; }  // IPv6 without brackets
  std::uint16_t port() const { return port_; }
  bool tls() const { return tls_; }
  bool operator==(const Origin& other) const { return text_ == other.text_; }

 private:
  Origin() = default;
  std::string text_;
  std::string host_;
  std::uint16_t port_ = 0;
  bool tls_ = true;
};

}  // namespace vault::wire
