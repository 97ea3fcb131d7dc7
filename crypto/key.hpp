// SPDX-License-Identifier: Apache-2.0
// Gives each key a type. A Key<Purpose> holds 32 secret bytes that nobody can read, copy, compare or print. It can be
// moved, given to the functions that seal and open what its purpose allows, and derived from by the named functions
// below. Together these functions are the tree of crypto/FORMAT.md §2.
//
// A key belongs to the process that made it. A forked child would go on from the same counter, so a process that uses a
// key of its parent is ended. (The child does not have the bytes either: base/secret.hpp.)
#pragma once

#include <unistd.h>

#include "base/secret.hpp"
#include "crypto/layout.hpp"

namespace vault::crypto {

template <class Purpose>
class Key {
 public:
  using purpose = Purpose;
  static constexpr std::size_t size = 32;  // bytes

  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) noexcept = default;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() = default;

 private:
  friend struct KeyAccess;  // in crypto/key_access.hpp, for the .cpp files of this folder
  explicit Key(Secret bytes) : bytes_(std::move(bytes)) {}
  Secret bytes_;
  pid_t process_ = ::getpid();
};

// Lists what a key may seal and open. The compiler checks it.
namespace purpose {
struct Password {
  static constexpr Kinds seals{Kind::password_slot};
  static constexpr Kinds opens{Kind::password_slot};
};
struct OwnDevice {
  static constexpr Kinds seals = device_kinds;
  static constexpr Kinds opens = device_kinds;
};
struct Device {
  static constexpr Kinds seals{};
  static constexpr Kinds opens = device_kinds;
};
struct Wrap {
  static constexpr Kinds seals{Kind::epoch, Kind::jump};
  static constexpr Kinds opens{Kind::epoch, Kind::jump};
};
struct Body {
  static constexpr Kinds seals{Kind::keyring};
  static constexpr Kinds opens{Kind::keyring};
};
struct RecoverySlot {
  static constexpr Kinds seals{Kind::recovery_slot};
  static constexpr Kinds opens{Kind::recovery_slot};
};
struct DeviceSlot {
  static constexpr Kinds seals{Kind::device_slot};
  static constexpr Kinds opens{Kind::device_slot};
};
struct Blob {
  static constexpr Kinds seals{Kind::blob_chunk};
  static constexpr Kinds opens{Kind::blob_chunk};
};
struct Local {
  static constexpr Kinds seals{Kind::local};
  static constexpr Kinds opens{Kind::local};
};
// Marks keys that seal nothing: they are inputs of HKDF or keys of HMAC.
struct NoSeal {
  static constexpr Kinds seals{};
  static constexpr Kinds opens{};
};
struct Vault : NoSeal {};
struct Name : NoSeal {};
struct Link : NoSeal {};
struct Anchor : NoSeal {};
struct NameTag : NoSeal {};
struct VersionCheck : NoSeal {};
}  // namespace purpose

using PasswordKey = Key<purpose::Password>;  // PWK
using DeviceKey = Key<purpose::Device>;      // DK_{d,e} of any device, to open its commits
using WrapKey = Key<purpose::Wrap>;          // seals epoch commits
using BodyKey = Key<purpose::Body>;          // seals keyring bodies
using BlobKey = Key<purpose::Blob>;
using LocalKey = Key<purpose::Local>;
using LinkKey = Key<purpose::Link>;
using AnchorKey = Key<purpose::Anchor>;
using NameTagKey = Key<purpose::NameTag>;
using VersionCheckKey = Key<purpose::VersionCheck>;
using DeviceSlotKey = Key<purpose::DeviceSlot>;
using RecoverySlotKey = Key<purpose::RecoverySlot>;

// Holds DK_{d,e} as this process made it for its own device: the only key that can seal commits. One that was read from
// a chain never becomes an OwnDeviceKey.
class OwnDeviceKey : public Key<purpose::OwnDevice> {
 public:
  OwnDeviceKey(Key&& key) : Key(std::move(key)) {}
  // Returns the same key, for opening only.
  DeviceKey opener() const;
};

// Holds VK_g.
class VaultKey : public Key<purpose::Vault> {
 public:
  VaultKey(Key&& key) : Key(std::move(key)) {}
  WrapKey wrap(const VaultId& vault, const DeviceId& device, std::uint32_t epoch) const;
  BodyKey body(const VaultId& vault, std::uint32_t keyring_version) const;
  LinkKey link(const VaultId& vault) const;
  LocalKey local(const VaultId& vault) const;
  AnchorKey anchor(const VaultId& vault) const;
  // Returns a copy, for a new keyring body beside the one in use.
  VaultKey clone() const;
};

// Holds NK.
class NameKey : public Key<purpose::Name> {
 public:
  NameKey(Key&& key) : Key(std::move(key)) {}
  NameTagKey tags(const VaultId& vault) const;
  VersionCheckKey checks(const VaultId& vault) const;
  NameKey clone() const;
};

}  // namespace vault::crypto
