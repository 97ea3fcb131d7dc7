// SPDX-License-Identifier: Apache-2.0
// Keeps the sessions of clients: wire/PROTOCOL.md §2. They are in memory only and end with the server.
//
// Anybody may open a session for any account and key, so a session is worth nothing until it has carried a good
// signature. Unproven sessions share a bounded queue, from which the oldest is dropped first. A proven one is dropped
// only for another of its account, or after an hour unused. So nobody can end somebody else's session by opening many.
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

// Tracks which numbers of a session were used: each once, and none more than 64 below the greatest.
class NumberWindow {
 public:
  bool is_new(std::uint64_t number) const;
  // Requires: is_new(number).
  void use(std::uint64_t number);

 private:
  std::uint64_t greatest_ = 0;
  std::uint64_t below_ = 0;  // bit n: greatest_ - 1 - n was used
};

// Say whom a key_id names if it is no device: PROTOCOL.md §2.
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
  Hash keyring;                // the version in which `net` was looked up; zeros if it never was
  std::optional<SignKey> net;  // the key that verifies its requests

  bool is_person() const { return is_password_key(key) || is_sheet_key(key); }
};

class Sessions {
 public:
  static constexpr std::size_t proven_per_account = 64;
  static constexpr std::size_t unproven = 16 * 1024;  // 8 MiB with their index
  static constexpr std::chrono::hours idle{1};

  const Session& open(const wire::SessionRequest& request, Time now);
  // Returns nullptr if there is no such session, or if it has ended.
  Session* find(const wire::SessionId& id, Time now);

  // True if the session exists and has carried a good request.
  bool is_proven(const wire::SessionId& id) const;

  // Notes that a request of the session was good.
  void used(Session& session, Time now);
  void end(const wire::SessionId& id);
  std::size_t size() const { return index_.size(); }

 private:
  using List = std::list<Session>;  // least recently used first
  void drop_idle(Time now);
  void erase(List::iterator session);

  List waiting_;
  std::map<std::string, List, std::less<>> proven_;  // by account
  std::unordered_map<wire::SessionId, List::iterator> index_;
  Time swept_{};
};

}  // namespace vault::server
