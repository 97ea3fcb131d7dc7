// SPDX-License-Identifier: Apache-2.0
// Shares what making a vault and joining one have in common: filling the database, the journal from which a cut try
// resumes, and the end, when the device exists. For create.cpp and join.cpp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/enrol/enrol.hpp"

namespace vault::daemon {

using crypto::Identity;

// Holds what an earlier try left: a device that may be enrolled already.
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

  asio::awaitable<Result<void>> prepare();  // checks the request, and makes a client for its server
  asio::awaitable<Result<void>> open_store();
  void discard();  // closes and removes what open_store() made

  // Marks the folder as an enrolment in that vault. Removes what is here of another vault.
  asio::awaitable<Result<void>> begin(const VaultId& vault);

  // Writes the journal, before the keyring is sent. It stays until another version is verified in its place.
  asio::awaitable<Result<void>> keep(const Identity& identity, std::uint32_t version, const Sealed& keyring);
  Result<std::optional<Journal>> journal() const;
  Result<void> resume(const Journal& journal);  // takes the journal's identity; requires: the keychain has its keyring

  asio::awaitable<Result<Root>> derive_for(const LoginTerms& terms);
  void use_password_key();  // signs requests with AUTH
  Identity fresh_identity(const crypto::VaultKey& key, const VaultId& vault, const Hash& keyring_hash) const;
  crypto::KeyringDevice entry_of(const Identity& identity) const;  // as of version 1

  // Stores keyrings, heads, identity and the first commit in one transaction, and opens the device.
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
  Contents pulled_;  // also verified

 private:
  Profile make_profile(const VaultId& vault, const Identity* identity) const;
};

}  // namespace vault::daemon
