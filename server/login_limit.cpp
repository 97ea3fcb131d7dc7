// SPDX-License-Identifier: Apache-2.0
#include "server/login_limit.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace vault::server {
namespace {

constexpr std::size_t places = 1 << 16;  // 512 KiB
constexpr std::string_view label = "vaultd/v1/login-limit";

}  // namespace

LoginLimit::LoginLimit(const ServerSecret& secret) : secret_(secret), forgiven_(places) {}

std::size_t LoginLimit::index(std::string_view account) const {
  const std::uint8_t zero = 0;
  const auto mac = crypto::hmac_sha256(secret_.view(), bytes_of(label), BytesView{&zero, 1}, bytes_of(account));
  return std::hash<Hash>{}(mac) % places;
}

bool LoginLimit::allows(std::string_view account, Time now) const {
  return forgiven_[index(account)] <= now + (at_once - 1) * each;
}

void LoginLimit::failed(std::string_view account, Time now) {
  auto& forgiven = forgiven_[index(account)];
  forgiven = std::min(std::max(forgiven, now) + each, now + at_once * each);
}

}  // namespace vault::server
