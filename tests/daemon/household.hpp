// SPDX-License-Identifier: Apache-2.0
// A vault made by hand, with real keys of the cheap suite: some devices, a keyring that names them, and chains whose
// every header a test may bend before it is sealed and signed. What comes out is authentic and, where it was bent,
// wrong.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/chain/verifier.hpp"
#include "daemon/keyring/keychain.hpp"
#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "tests/crypto/fixtures.hpp"
#include "tests/store/temp_folder.hpp"

namespace vault::tests {

using crypto::Identity;
using crypto::SeenVector;
using daemon::Keychain;

class Household {
 public:
  using BendHeader = std::function<void(wire::CommitHeader&)>;
  using BendKeyring = std::function<void(wire::KeyringHeader&, crypto::KeyringBody&)>;
  enum class NewKey { no, yes };

  explicit Household(std::size_t devices = 1);  // each has joined in a version of its own, and has an empty chain

  // The version that comes next, bent; it is not accepted by that. With a new key the slots fit the devices.
  Result<Sealed> next_keyring(const BendKeyring& bend, NewKey new_key = NewKey::no) const;
  void accept(const Sealed& version);
  void revoke(std::size_t device, Head cut);
  void new_generation() {
    accept(next_keyring([](auto&, auto&) {}, NewKey::yes).value());
  }

  // Seals the commit after the last one of the device's chain.
  void epoch(std::size_t device, const SeenVector& seen = {}, const BendHeader& bend = {});
  // A jump over what is at the end of the chain; `after` is a seq, or 0.
  void jump(std::size_t device, std::uint64_t after, const SeenVector& seen = {}, const BendHeader& bend = {});
  void put(std::size_t device, const std::string& name, const SeenVector& seen = {}, const BendHeader& bend = {});
  void ack(std::size_t device, const SeenVector& seen, const BendHeader& bend = {});
  void checkpoint(std::size_t device, const SeenVector& seen, const BendHeader& bend = {});

  DeviceId id(std::size_t device) const { return members_.at(device).identity->id; }
  std::shared_ptr<const Identity> identity(std::size_t device) const { return members_.at(device).identity; }
  Head head(std::size_t device) const;
  Head head_at(std::size_t device, std::uint64_t seq) const;
  std::map<DeviceId, Head> heads() const;  // of the chains that are not empty
  std::vector<Sealed>& chain(std::size_t device) { return members_.at(device).chain; }

  const crypto::RootKey& root() const { return *root_; }
  const daemon::LoginTerms& terms() const { return terms_; }
  const std::vector<Sealed>& versions() const { return versions_; }
  std::shared_ptr<const Keychain> keychain;

  // Puts all keyrings and chains where a daemon has them. Each commit lies at its place in the vector, from 1; one
  // that is empty is left out.
  void store_in(store::Store& store) const;

 private:
  struct Member {
    std::shared_ptr<const Identity> identity;
    std::uint32_t epoch = 0;
    std::uint64_t counter = 0;
    std::vector<Sealed> chain;
  };
  wire::CommitHeader header(std::size_t device, wire::CommitKind kind, const BendHeader& bend) const;
  void append(std::size_t device, const wire::CommitHeader& header, Sealed commit);
  void seal(std::size_t device, wire::CommitKind kind, BytesView content, const BendHeader& bend);
  std::shared_ptr<const Identity> new_member(const crypto::VaultKey& key);
  void found();
  void join();

  daemon::LoginTerms terms_;
  std::shared_ptr<const crypto::RootKey> root_;
  std::vector<Member> members_;
  std::vector<Sealed> versions_;
};

store::Store open_store(const TempFolder& folder, std::uint64_t map_bytes = std::uint64_t{1} << 30);

}  // namespace vault::tests
