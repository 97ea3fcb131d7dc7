// SPDX-License-Identifier: Apache-2.0
#include "server/authenticator.hpp"

#include <algorithm>

#include "crypto/verify.hpp"

namespace vault::server {
namespace {

// Verified against if there is no key, so that it takes as long: the base point of RFC 8032 §5.1.
const SignKey no_key = [] {
  SignKey key;
  key.raw.fill(0x66);
  key.raw[0] = 0x58;
  return key;
}();

// Returns the key that verifies this account's requests with this key_id.
Result<std::optional<SignKey>> looked_up(const Storage& storage, const Account& account, const wire::KeyId& id) {
  if (is_password_key(id)) return std::optional{account.log_in.auth};
  const auto keyring = newest_keyring(storage, account);
  if (!keyring) return keyring.error();
  if (is_sheet_key(id)) return keyring->recovery_auth.is_zero() ? std::nullopt : std::optional{keyring->recovery_auth};
  const auto* device = keyring->find(id);
  if (device == nullptr || !device->may_write) return std::optional<SignKey>{};
  return std::optional{device->net};
}

}  // namespace

Result<wire::KeyringHeader> newest_keyring(const Storage& storage, const Account& account) {
  const auto page = storage.keyrings(account.vault, account.keyring.version, 0);
  if (!page) return page.error();
  if (page->versions.empty()) return Errc::storage;
  auto decoded = wire::decode_keyring_header(page->versions.front().view());
  if (!decoded) return Errc::storage;
  return std::move(decoded->header);
}

void Authenticator::accept_origins(const std::vector<wire::Origin>& origins) {
  origins_ = origins;
  const auto& own = origins.front();
  for (const std::string host : {"127.0.0.1", "[::1]", "localhost"}) {
    const auto scheme = own.tls() ? "https://" : "http://";
    const auto origin = wire::Origin::parse(scheme + host + ':' + std::to_string(own.port())).value();
    if (std::find(origins_.begin(), origins_.end(), origin) == origins_.end()) origins_.push_back(origin);
  }
}

wire::Session Authenticator::open(const wire::SessionRequest& request) {
  const auto& session = sessions_.open(request, now_());
  return {session.id, session.challenge};
}

Result<Caller> Authenticator::check(const wire::HttpRequest& request) {
  const auto* header = request.headers.find("Authorization");
  if (header == nullptr) return Errc::auth;
  const auto authorization = wire::decode_authorization(*header);
  if (!authorization) return Errc::auth;
  const auto now = now_();
  auto* session = sessions_.find(authorization->session, now);
  if (session == nullptr || !session->numbers.is_new(authorization->number)) return Errc::auth;
  auto account = storage_.find_account(session->account);
  if (!account) return account.error();

  // Lets a proven session pass whatever others have guessed: who opened it knows the password or the recovery code.
  const bool guess = session->is_person() && !session->proven;
  if (guess && !limit_.allows(session->account, now)) return Errc::busy;
  const auto key = key_of(*session, *account);
  if (!key) return key.error();
  const bool good = is_signed(*session, key->value_or(no_key), request, *authorization) && key->has_value();
  if (!good && session->is_person()) limit_.failed(session->account, now);
  if (!key->has_value() && session->proven) sessions_.end(session->id);
  if (!good) return Errc::auth;
  session->numbers.use(authorization->number);
  const auto who = session->key;
  sessions_.used(*session, now);
  return Caller{std::move(**account), who, **key};
}

bool Authenticator::is_known(std::string_view authorization) const {
  const auto named = wire::decode_authorization(authorization);
  return named && sessions_.is_proven(named->session);
}

bool Authenticator::is_welcome(const Caller& caller) const {
  const auto account = storage_.find_account(caller.account.name);
  if (!account || !*account || (*account)->vault != caller.account.vault) return false;
  if ((*account)->keyring.hash == caller.account.keyring.hash) return true;
  const auto key = looked_up(storage_, **account, caller.key);
  return key && *key && **key == caller.by;
}

// Returns an account whose keyring is searched if the session's account does not exist.
const Account& Authenticator::decoy() {
  if (!decoy_) {
    auto first = storage_.accounts({}, 1);
    if (!first || first->empty()) return nobody_;
    decoy_ = std::move(first->front());
  }
  return *decoy_;
}

// Returns the key that verifies the session's requests; nullopt if there is none, or if it has changed. If there is no
// such account, does the same work with another account's keyring, so that the time does not tell.
Result<std::optional<SignKey>> Authenticator::key_of(Session& session, const std::optional<Account>& account) {
  const auto& other = decoy();
  const bool there = account && account->vault == session.vault;
  const auto& looked = there ? *account : other;
  if (session.keyring != looked.keyring.hash) {
    const auto key = looked_up(storage_, looked, session.key);
    if (!key && there) return key;
    if (!key) {
      decoy_.reset();  // the account was removed, and `looked` with it
      return std::optional<SignKey>{};
    }
    if (there && session.proven && *key != session.net) return std::optional<SignKey>{};
    session.keyring = looked.keyring.hash;
    session.net = *key;
  }
  return there ? session.net : std::nullopt;
}

// Returns the accepted origins, first those that fit the Host header. Each other one may cost a verification.
std::vector<std::string> Authenticator::origins_for(const wire::HttpRequest& request) const {
  const auto* host = request.headers.find("Host");
  std::vector<std::string> likely, others;
  for (const auto& origin : origins_)
    (host != nullptr && origin.authority() == *host ? likely : others).push_back(origin.text());
  likely.insert(likely.end(), others.begin(), others.end());
  return likely;
}

bool Authenticator::is_signed(const Session& session, const SignKey& key, const wire::HttpRequest& request,
                              const wire::Authorization& authorization) const {
  const auto body = crypto::sha256(request.body);
  const auto origins = origins_for(request);
  return std::any_of(origins.begin(), origins.end(), [&](const std::string& origin) {
    const wire::SignedRequest message{origin,      session.account,   session.vault,
                                      session.key, request.method,    request.target,
                                      body,        session.challenge, authorization.number};
    return crypto::verify_request_signature(key, wire::encode(message), authorization.signature);
  });
}

}  // namespace vault::server
