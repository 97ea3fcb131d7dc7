// SPDX-License-Identifier: Apache-2.0
#include "wire/origin.hpp"

#include "base/input_errc.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace vault::wire {
namespace {

constexpr std::size_t url_bytes = 280;  // "https://", a DNS name of 253 (RFC 1035 §2.3.4), a port, and some spare

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::optional<std::string> canonical_address(int family, const std::string& text) {
  std::array<std::uint8_t, 16> address{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_pton(family, text.c_str(), address.data()) != 1) return {};
  return inet_ntop(family, address.data(), out.data(), out.size());
}

// True for letters, digits and hyphens without a hyphen at either end: RFC 1123 §2.1.
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

// True for a DNS name whose last label does not begin with a digit. Some resolvers would take such a name for an
// address ("127.1", "0x7f.1"), and no top-level domain begins so.
bool is_dns_name(std::string_view name) {
  if (name.size() > 253) return false;
  for (;;) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !is_digit(label.front());
    name.remove_prefix(dot + 1);
  }
}

std::optional<std::string> canonical_host(std::string_view text) {
  auto host = lower(text);
  if (host.find('\0') != std::string::npos) return {};
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return {};
    return canonical_address(AF_INET6, host.substr(1, host.size() - 2));
  }
  if (auto address = canonical_address(AF_INET, host)) return address;
  if (!is_dns_name(host)) return {};
  return host;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  return port;
}

// Returns where the host ends: at the colon before a port, or at the end. Colons inside brackets belong to the host.
std::size_t host_end(std::string_view text) {
  const auto from = text.starts_with('[') ? text.find(']') : 0;
  return std::min(text.size(), text.find(':', from));
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (lower(text.substr(0, prefix.size())) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<HostPort> HostPort::parse(std::string_view text) {
  if (text.size() > url_bytes) return InputErrc::server_url_bad;
  const auto end = host_end(text);
  auto host = canonical_host(text.substr(0, end));
  if (!host) return InputErrc::server_url_bad;
  if (end == text.size()) return HostPort{std::move(*host), {}};
  const auto port = parse_port(text.substr(end + 1));
  if (!port) return InputErrc::server_url_bad;
  return HostPort{std::move(*host), port};
}

bool HostPort::is_address() const { return host.find(':') != std::string::npos || is_digit(host[host.rfind('.') + 1]); }

bool HostPort::is_loopback() const {
  return host == "localhost" || host == "::1" || (is_address() && host.starts_with("127."));
}

std::string HostPort::text() const {
  auto out = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port) out += ':' + std::to_string(*port);
  return out;
}

Result<Origin> Origin::parse(std::string_view text) {
  if (text.size() > url_bytes) return InputErrc::server_url_bad;
  Origin out;
  if (take_prefix(text, "http://")) out.tls_ = false;
  else if (!take_prefix(text, "https://")) return InputErrc::server_url_bad;
  if (text.ends_with('/')) text.remove_suffix(1);

  auto place = HostPort::parse(text);
  if (!place) return place.error();
  if (place->port == 0) return InputErrc::server_url_bad;
  if (!out.tls_ && !place->is_loopback()) return InputErrc::plain_http;

  const std::uint16_t usual = out.tls_ ? 443 : 80;
  if (place->port == usual) place->port.reset();
  out.text_ = (out.tls_ ? "https://" : "http://") + place->text();
  out.port_ = place->port.value_or(usual);
  out.host_ = std::move(place->host);
  return out;
}

}  // namespace vault::wire
