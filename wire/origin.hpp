// SPDX-License-Identifier: Apache-2.0
// Holds where a server is, scheme, host and port, as one canonical text.
//
// Every request signs this text, so two spellings of one place must give the same bytes. What a person typed is
// therefore read strictly: https://HOST[:PORT][/], or http:// if HOST is a loopback address or "localhost". HOST is a
// DNS name in ASCII, an IPv4 address in its usual spelling, or an IPv6 address in brackets. User, path, query, fragment
// and blanks are refused.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace vault::wire {

// Holds HOST or HOST:PORT, as part of an origin or as the place where a server listens.
struct HostPort {
  std::string host;                   // lower case; addresses in their canonical form, IPv6 without brackets
  std::optional<std::uint16_t> port;  // 0 is allowed here, for a listener on any port

  // Errors: server_url_bad.
  static Result<HostPort> parse(std::string_view text);

  bool is_loopback() const;  // 127.0.0.0/8, ::1 or "localhost"
  bool is_address() const;   // an IPv4 or IPv6 address, so there is no name to resolve
  std::string text() const;  // IPv6 in brackets; with the port if there is one
  bool operator==(const HostPort&) const = default;
};

class Origin {
 public:
  // Errors: server_url_bad; plain_http for http:// to anything but loopback.
  static Result<Origin> parse(std::string_view text);

  // Returns "https://host" or "https://host:port": lower case, no default port, no slash at the end.
  const std::string& text() const { return text_; }
  // Returns text() without the scheme, for the Host header.
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
