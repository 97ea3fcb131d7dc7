// SPDX-License-Identifier: Apache-2.0
// The sessions of clients: wire/PROTOCOL.md §2. In memory only: they end with the server.
//
// Anybody may open a session for any account and key, so one that has not yet carried a good signature is worth
// nothing: all of these share a bounded queue, and the oldest goes first. A proven one is dropped only for its
// account's own, or after an hour unused. So nobody can end another's session by opening many.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "wire/messages.hpp"

namespace vault::server {

using Time = std::chrono::steady_clock::time_point;

// Which numbers of a session were used: each once, none more than 64 below the greatest.
class NumberWindow {
 public:
  bool is_new(std::uint64_t number) const;
  void use(std::uint64_t number);  // requires: is_new(number)

 private:
  std::uint64_t greatest_ = 0;
  std::uint64_t below_ = 0;  // bit n: greatest_ - 1 - n was used
};

// Whom a key_id names that is no device: PROTOCOL.md §2.
inline bool is_password_key(const wire::KeyId& key) { return key.is_zero(); }
bool is_sheet_key(const wire::KeyId& key);

struct Session {
  wire::SessionId id;
  std::string account;
  VaultId vault;
  wire::KeyId key;
  wire::Challenge challenge;
  NumberWindow numbers;
  Time last_used;
  bool proven = false;
  Hash keyring;                // the version in which `net` was looked up; zeros: never
  std::optional<SignKey> net;  // what its requests verify with

  bool is_person() const { return is_password_key(key) || is_sheet_key(key); }
};

class Sessions {
 public:
  static constexpr std::size_t proven_per_account = 64;
  static constexpr std::size_t unproven = 16 * 1024;  // 8 MiB with their index
  static constexpr std::chrono::hours idle{1};

  const Session& open(const wire::SessionRequest& request, Time now);
  Session* find(const wire::SessionId& id, Time now);  // nullptr if it never was, or has ended

  // Whether there is this session, and a request of it was good before.
  bool is_proven(const wire::SessionId& id) const;

  // A request of it was good.
  void used(Session& session, Time now);
  void end(const wire::SessionId& id);
  std::size_t size() const { return index_.size(); }

 private:
  using List = std::list<Session>;  // the least recently used first
  void drop_idle(Time now);
  void erase(List::iterator session);

  List waiting_;
  std::map<std::string, List, std::less<>> proven_;  // by account
  std::unordered_map<wire::SessionId, List::iterator> index_;
  Time swept_{};
};

}  // namespace vault::server
