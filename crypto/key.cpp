// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"

namespace vault::crypto {
namespace {

template <class To, class Purpose>
auto derive_key(const Key<Purpose>& from, std::string_view label, std::initializer_list<BytesView> context) {
  return KeyAccess::make<To>(derive(KeyAccess::view(from), label, context));
}

}  // namespace

DeviceKey OwnDeviceKey::opener() const { return KeyAccess::copy_of<DeviceKey>(KeyAccess::view(*this)); }

WrapKey VaultKey::wrap(const VaultId& vault, const DeviceId& device, std::uint32_t epoch) const {
  return derive_key<WrapKey>(*this, label::dk_wrap, {vault.view(), device.view(), be32(epoch)});
}
BodyKey VaultKey::body(const VaultId& vault, std::uint32_t keyring_version) const {
  return derive_key<BodyKey>(*this, label::keyring_body, {vault.view(), be32(keyring_version)});
}
LinkKey VaultKey::link(const VaultId& vault) const {
  return derive_key<LinkKey>(*this, label::keyring_link, {vault.view()});
}
LocalKey VaultKey::local(const VaultId& vault) const {
  return derive_key<LocalKey>(*this, label::local, {vault.view()});
}
AnchorKey VaultKey::anchor(const VaultId& vault) const {
  return derive_key<AnchorKey>(*this, label::anchor, {vault.view()});
}
VaultKey VaultKey::clone() const { return KeyAccess::copy_of<VaultKey>(KeyAccess::view(*this)); }

NameTagKey NameKey::tags(const VaultId& vault) const {
  return derive_key<NameTagKey>(*this, label::name_tag, {vault.view()});
}
VersionCheckKey NameKey::checks(const VaultId& vault) const {
  return derive_key<VersionCheckKey>(*this, label::version_check, {vault.view()});
}
NameKey NameKey::clone() const { return KeyAccess::copy_of<NameKey>(KeyAccess::view(*this)); }

}  // namespace vault::crypto
