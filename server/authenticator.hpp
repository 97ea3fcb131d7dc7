// SPDX-License-Identifier: Apache-2.0
// Finds out who signed a request, and bounds how often one may guess. wire/PROTOCOL.md §2 and §3.
//
// A session for an account or a device that does not exist is opened like any other. Its requests fail like those with
// a wrong password, after the same work. So the time of a stranger's request does not tell whether such an account
// exists or whether the vault has such a device. It may tell how large a keyring is.
#pragma once

#include <functional>
#include <vector>

#include "http/message.hpp"
#include "server/login_limit.hpp"
#include "server/sessions.hpp"
#include "server/storage.hpp"
#include "wire/keyring_header.hpp"
#include "wire/origin.hpp"

namespace vault::server {

struct Caller {
  Account account;  // at the time of the request
  wire::KeyId key;
  SignKey by;  // the key that verified the request
  bool is_device() const { return !is_password_key(key) && !is_sheet_key(key); }
};

// Returns the public part of the newest keyring version of an account.
Result<wire::KeyringHeader> newest_keyring(const Storage& storage, const Account& account);

class Authenticator {
 public:
  using Clock = std::function<Time()>;

  Authenticator(const Storage& storage, const ServerSecret& secret, Clock now)
      : storage_(storage), limit_(secret), now_(std::move(now)) {}

  // Sets the origins that a request may be signed for. The first is the listener's own; beside all of them, loopback
  // addresses with its scheme and port are accepted.
  void accept_origins(const std::vector<wire::Origin>& origins);

  wire::Session open(const wire::SessionRequest& request);

  // Returns who signed `request`. Errors: auth whatever the reason; busy after too many wrong passwords.
  Result<Caller> check(const wire::HttpRequest& request);

  // True if an Authorization header names a session that has proven itself. This proves nothing about the request.
  bool is_known(std::string_view authorization) const;

  // True if the account still exists and its newest keyring still has the caller's key.
  bool is_welcome(const Caller& caller) const;

  std::size_t sessions() const { return sessions_.size(); }

 private:
  const Account& decoy();
  Result<std::optional<SignKey>> key_of(Session& session, const std::optional<Account>& account);
  std::vector<std::string> origins_for(const wire::HttpRequest& request) const;
  bool is_signed(const Session& session, const SignKey& key, const wire::HttpRequest& request,
                 const wire::Authorization& authorization) const;

  const Storage& storage_;
  LoginLimit limit_;
  Clock now_;
  Sessions sessions_;
  std::optional<Account> decoy_;
  const Account nobody_;
  std::vector<wire::Origin> origins_;
};

}  // namespace vault::server
