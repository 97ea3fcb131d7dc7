// SPDX-License-Identifier: Apache-2.0
// What making a vault and joining one have in common: the database that is filled, the journal that lets a cut try
// be taken up again, and the end, at which the device exists. For create.cpp and join.cpp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/enrol/enrol.hpp"

namespace vault::daemon {

using crypto::Identity;

// What an earlier try left: a device that may be enrolled already.
struct Journal {
  Profile profile;
  std::uint32_t version = 0;
  Sealed keyring;  // names the device
  Sealed identity;
};

class Enrolment {
 public:
  Enrolment(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder, EnrolRequest request)
      : executor_(executor), threads_(threads), folder_(std::move(folder)), request_(std::move(request)) {}
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;

 protected:
  using Root = std::shared_ptr<const crypto::RootKey>;
  enum class Done { no, yes };  // not a bool: an error converts to one

  asio::awaitable<Result<void>> prepare();  // the request is sound, and there is a client for its server
  asio::awaitable<Result<void>> open_store();
  void discard();  // closes and removes what open_store() made

  // From here on the folder belongs to an enrolment in that vault; what is here of another one goes.
  asio::awaitable<Result<void>> begin(const VaultId& vault);

  // The journal: written before the keyring is sent, given up only when another version is verified in its place.
  asio::awaitable<Result<void>> keep(const Identity& identity, std::uint32_t version, const Sealed& keyring);
  Result<std::optional<Journal>> journal() const;
  Result<void> resume(const Journal& journal);  // takes its identity; the keychain has its keyring

  asio::awaitable<Result<Root>> derive_for(const LoginTerms& terms);
  void use_password_key();  // requests are signed by AUTH
  Identity fresh_identity(const crypto::VaultKey& key, const VaultId& vault, const Hash& keyring_hash) const;
  crypto::KeyringDevice entry_of(const Identity& identity) const;  // as of version 1

  // The device exists: keyrings, heads, identity and the first commit in one transaction, then it is opened.
  asio::awaitable<Enrolled> finish(bool joined);

  asio::any_io_executor executor_;
  Threads& threads_;
  std::filesystem::path folder_;
  EnrolRequest request_;
  std::optional<HttpClient> http_;
  std::optional<Remote> remote_;
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<Writer> writer_;

  LoginTerms terms_;
  Root root_;
  std::vector<Sealed> versions_;  // of the keyring, from 1
  std::shared_ptr<const Keychain> keychain_;
  std::shared_ptr<const Identity> identity_;
  Contents pulled_;  // and verified

 private:
  Profile make_profile(const VaultId& vault, const Identity* identity) const;
};

}  // namespace vault::daemon
