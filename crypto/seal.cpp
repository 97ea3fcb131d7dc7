// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.hpp"

#include "crypto/key_access.hpp"

namespace vault::crypto {

Result<Secret> plaintext_of(Opened opened) {
  if (opened.how == Opening::opened) return std::move(opened.plaintext);
  if (opened.how == Opening::outdated) return Errc::downgrade;
  return Errc::tamper;
}

Result<Secret> content_of(Opened opened) {
  const auto frame = plaintext_of(std::move(opened));
  if (!frame) return frame.error();
  const auto content = unframe(frame->view());
  if (!content) return content.error();
  return Secret::copy_of(*content);
}

template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) Sealed seal(const Key<Purpose>& key, Bytes hdr0, Secret plaintext) {
  VAULT_ASSERT(hdr0.size() > layout::kind && hdr0[layout::kind] == static_cast<std::uint8_t>(kind));
  return Sealer::seal(KeyAccess::view(key), std::move(hdr0), std::move(plaintext));
}

template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) Sealed seal_framed(const Key<Purpose>& key, Bytes hdr0, BytesView content) {
  return seal<kind>(key, std::move(hdr0), frame(content));
}

template <class Purpose>
Result<Secret> open(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size, std::size_t trailer_size) {
  return plaintext_of(Sealer::open(KeyAccess::view(key), Purpose::opens, object, hdr0_size, trailer_size));
}

template <class Purpose>
Result<Secret> open_framed(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size, std::size_t trailer_size) {
  return content_of(Sealer::open(KeyAccess::view(key), Purpose::opens, object, hdr0_size, trailer_size));
}

template Sealed seal<Kind::blob_chunk>(const BlobKey&, Bytes, Secret);
template Sealed seal<Kind::password_slot>(const PasswordKey&, Bytes, Secret);
template Sealed seal<Kind::recovery_slot>(const RecoverySlotKey&, Bytes, Secret);
template Sealed seal<Kind::device_slot>(const DeviceSlotKey&, Bytes, Secret);
template Sealed seal_framed<Kind::local>(const LocalKey&, Bytes, BytesView);
template Result<Secret> open(const BlobKey&, BytesView, std::size_t, std::size_t);
template Result<Secret> open(const RecoverySlotKey&, BytesView, std::size_t, std::size_t);
template Result<Secret> open(const DeviceSlotKey&, BytesView, std::size_t, std::size_t);
template Result<Secret> open_framed(const LocalKey&, BytesView, std::size_t, std::size_t);
template Result<Secret> open_framed(const BodyKey&, BytesView, std::size_t, std::size_t);

}  // namespace vault::crypto
