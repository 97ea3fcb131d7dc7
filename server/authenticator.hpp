// SPDX-License-Identifier: Apache-2.0
// Who signed a request: sessions, signatures, and how often one may guess. wire/PROTOCOL.md §2 and §3.
//
// A session for an account or a device that does not exist is opened like any other, and its requests fail like
// those of a wrong password, after the same work: what a stranger's request costs does not tell whether there is such
// an account, or whether the vault has such a device. It may tell how large a keyring is.
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
  Account account;  // as it is now
  wire::KeyId key;
  SignKey by;  // what the request verified with
  bool is_device() const { return !is_password_key(key) && !is_sheet_key(key); }
};

// The public part of the newest keyring version of an account.
Result<wire::KeyringHeader> newest_keyring(const Storage& storage, const Account& account);

class Authenticator {
 public:
  using Clock = std::function<Time()>;

  Authenticator(const Storage& storage, const ServerSecret& secret, Clock now)
      : storage_(storage), limit_(secret), now_(std::move(now)) {}

  // The origins that a request may be signed for. The first is the listener's own: loopback addresses with its
  // scheme and port are accepted beside them all.
  void accept_origins(const std::vector<wire::Origin>& origins);

  wire::Session open(const wire::SessionRequest& request);

  // Errc::auth for every reason why not, and Errc::busy for too many wrong passwords.
  Result<Caller> check(const wire::HttpRequest& request);

  // Whether an Authorization header names a session that has proven itself. It proves nothing of the request.
  bool is_known(std::string_view authorization) const;

  // Whether the account still is, and its newest keyring still has the caller's key.
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
