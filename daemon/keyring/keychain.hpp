// SPDX-License-Identifier: Apache-2.0
// Holds the keys of an unlocked vault, as a verified history of keyrings gives them. crypto/FORMAT.md §7.
//
// A Keychain is made by accepting keyring versions and never changes: a newer version makes a new one, which shares the
// keys of the old. Locking the vault releases it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/sealed.hpp"
#include "crypto/box.hpp"
#include "crypto/keyring_body.hpp"
#include "crypto/password.hpp"
#include "crypto/recovery.hpp"
#include "wire/keyring_header.hpp"
#include "wire/messages.hpp"

namespace vault::daemon {

// States what a password is tried against: from prelogin at a join, from the newest cached keyring at an unlock.
struct LoginTerms {
  std::string account;
  std::uint8_t suite = 0;
  VaultId vault;
  Seed seed;
};

class Keychain {
 public:
  // Accepts a whole history, version 1 first, given only the password's root. Errors: auth if the password is not the
  // newest version's; tamper and downgrade for every rule of FORMAT.md §7 that is broken.
  static Result<std::shared_ptr<const Keychain>> accept(const std::vector<Sealed>& versions,
                                                        const crypto::RootKey& root, const LoginTerms& terms);

  // Accepts a whole history given only a recovery code; the seed of the terms is ignored. Errors: auth if the code is
  // not the newest version's; tamper and downgrade like accept().
  static Result<std::shared_ptr<const Keychain>> accept_by_code(const std::vector<Sealed>& versions,
                                                                const crypto::RecoveryKeys& code,
                                                                const LoginTerms& terms);

  // Accepts the version after the newest. A new generation's vault key is opened with `box` and `self`, or was
  // foreseen. Errors: tamper; slot_unusable if neither, which the password can repair.
  Result<std::shared_ptr<const Keychain>> accept_next(const Sealed& version, const DeviceId& self,
                                                      const crypto::BoxPrivate& box) const;

  // Returns the keychain of the first `count` of the versions that this one was made of, for newer versions that proved
  // the password and are not in force here yet. Requires: 1 ≤ count. Errors: tamper if they are other versions.
  Result<std::shared_ptr<const Keychain>> first(std::size_t count, const std::vector<Sealed>& versions) const;

  // Returns a copy that foresees the vault keys of `later`, which the password opened and is not in force here yet.
  std::shared_ptr<const Keychain> foreseeing(const Keychain& later) const;

  const wire::KeyringHeader& head() const { return head_; }
  const Hash& head_hash() const { return versions_.back().hash; }
  wire::KeyringHead keyring_head() const { return {head_.version, head_hash()}; }

  const crypto::VaultKey& newest_vault_key() const { return *vault_keys_.back(); }
  const crypto::VaultKey* vault_key(std::uint32_t generation) const;  // null if it is not here
  const crypto::VersionCheckKey& version_checks() const { return *checks_; }
  const crypto::KeyringBody& body() const { return *body_; }
  const crypto::KeyringDevice* device(const DeviceId& id) const;  // null if the keyring does not have it

  // Return 0 and zeros for a version that is not here.
  std::uint32_t generation_of(std::uint32_t version) const;
  Hash hash_of(std::uint32_t version) const;

  // True if `version` has `hash` in this history, or if a later version lists `hash` as a sibling that it replaced.
  bool has(std::uint32_t version, const Hash& hash) const;
  bool replaces(const Hash& hash) const { return replaced_.contains(hash); }

  // Returns the seq of the newest head of a chain that this version, or one before it, names; 0 for none.
  std::uint64_t head_named_by(std::uint32_t version, const DeviceId& device) const;

  // Returns the hash of the keyring version that enrolled the device. Its first commit names that as prev.
  Hash enrolment_hash(const DeviceId& device) const;

 private:
  struct Accepted {
    Hash hash;
    std::uint32_t generation = 0;
  };
  struct Parsed;

  using Keys = std::vector<std::shared_ptr<const crypto::VaultKey>>;
  static Result<std::vector<Parsed>> parse_all(const std::vector<Sealed>& versions);
  static Result<std::shared_ptr<const Keychain>> accept_all(std::vector<Parsed> versions, Keys keys);

  Result<std::shared_ptr<const crypto::VaultKey>> next_vault_key(const wire::KeyringHeader& next, const DeviceId& self,
                                                                 const crypto::BoxPrivate& box) const;
  void note_heads(std::uint32_t version, const std::map<DeviceId, Head>& heads);
  Result<void> append(const Parsed& next);  // checks all rules between the newest version and the next

  wire::KeyringHeader head_;
  std::shared_ptr<const crypto::KeyringBody> body_;
  std::vector<Accepted> versions_;                                             // [v - 1]
  std::vector<std::shared_ptr<const crypto::VaultKey>> vault_keys_;            // [g - 1]
  std::map<std::uint32_t, std::shared_ptr<const crypto::VaultKey>> foreseen_;  // by generation
  std::shared_ptr<const crypto::VersionCheckKey> checks_;
  struct NamedHead {
    std::uint32_t version = 0;  // of the first keyring to name it
    std::uint64_t seq = 0;
  };
  std::map<DeviceId, std::vector<NamedHead>> named_;  // ascending
  std::set<Hash> replaced_;                           // siblings
  std::map<DeviceId, Hash> enrolled_;                 // for devices that joined in a sibling
};

// True if `after` follows `before` as far as can be known without opening it: it names `before`, and is signed by the
// password of `before` or by its recovery code.
bool is_signed_successor(const Sealed& before, const Sealed& after);

// Returns the terms that a keyring's public part states: for an unlock against the cached one.
Result<LoginTerms> login_terms(const Sealed& keyring);

}  // namespace vault::daemon
