// SPDX-License-Identifier: Apache-2.0
// Limits how often one may guess an account's password through this server: ten times at once, then once in ten
// seconds.
//
// The table has a fixed size, and an account's place in it is secret. So names that a stranger makes up cost no memory,
// and cannot be chosen to share somebody's place. Accounts that share a place by chance share their guesses.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "server/storage.hpp"

namespace vault::server {

class LoginLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr int at_once = 10;
  static constexpr std::chrono::seconds each{10};

  explicit LoginLimit(const ServerSecret& secret);

  bool allows(std::string_view account, Time now) const;
  void failed(std::string_view account, Time now);

 private:
  std::size_t index(std::string_view account) const;

  ServerSecret secret_;
  std::vector<Time> forgiven_;  // when all failures of a place are forgiven: at most `at_once` * `each` ahead
};

}  // namespace vault::server
