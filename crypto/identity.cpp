// SPDX-License-Identifier: Apache-2.0
#include "crypto/identity.hpp"

#include "crypto/fresh.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/signer_access.hpp"

namespace vault::crypto {
namespace {

Secret identity_string(const IdentitySources& from) {
  auto out = random_bytes();
  out.append(KeyAccess::view(from.vault_key));
  out.append(from.previous.view());
  out.append(be64(from.previous_counter));
  out.append(from.keyring_hash.view());
  out.append(from.fingerprint.view());
  out.append(be64(from.time_ms));
  return out;
}

OwnDeviceKey epoch_key(const Secret& identity, const VaultId& vault, std::uint32_t epoch) {
  return KeyAccess::make<OwnDeviceKey>(derive(identity.view(), label::identity_dk, {vault.view(), be32(epoch)}));
}

Secret encode(const Identity& identity) {
  return concat({be32(identity.epoch), KeyAccess::view(identity.dk), SignerAccess::seed(identity.sig),
                 BoxAccess::view(identity.box)});
}

}  // namespace

Identity new_identity(const IdentitySources& sources) {
  const auto from = identity_string(sources);
  const auto part = [&](std::string_view label, std::size_t size) {
    return derive(from.view(), label, {sources.vault.view()}, size);
  };
  return {.id = DeviceId::from(part(label::identity_device_id, DeviceId::size).view()),
          .epoch = 1,
          .dk = epoch_key(from, sources.vault, 1),
          .sig = SignerAccess::from_seed<CommitSigner>(part(label::identity_sig, 32)),
          .box = BoxAccess::make(part(label::identity_box, 32)),
          .net = SignerAccess::from_seed<RequestSigner>(part(label::identity_net, 32))};
}

Identity next_epoch(const Identity& identity, const IdentitySources& sources) {
  const auto epoch = identity.epoch + 1;
  return {.id = identity.id,
          .epoch = epoch,
          .dk = epoch_key(identity_string(sources), sources.vault, epoch),
          .sig = SignerAccess::from_seed<CommitSigner>(Secret::copy_of(SignerAccess::seed(identity.sig))),
          .box = BoxAccess::make(Secret::copy_of(BoxAccess::view(identity.box))),
          .net = RequestSigner::from_seed(identity.net.seed())};
}

Sealed seal_identity(const LocalKey& key, std::uint8_t suite, const VaultId& vault, std::uint32_t generation,
                     const Identity& identity) {
  const LocalPlace place{suite, vault, identity.id, generation, identity_purpose, 0};
  return seal_local(key, place, encode(identity).view());
}

Result<Identity> open_identity(const LocalKey& key, BytesView sealed, const VaultId& vault, const DeviceId& id,
                               RequestSigner net) {
  const auto opened = open_local(key, sealed);
  if (!opened) return opened.error();
  const auto& place = opened->place;
  if (place.vault != vault || place.device != id || place.purpose != identity_purpose) return Errc::tamper;
  ByteReader in{opened->content.view()};
  const auto epoch = in.u32();
  const auto dk = in.take(32), sig = in.take(32), box = in.take(32);
  if (!in.done()) return Errc::tamper;
  return Identity{.id = id,
                  .epoch = epoch,
                  .dk = KeyAccess::copy_of<OwnDeviceKey>(dk),
                  .sig = SignerAccess::from_seed<CommitSigner>(Secret::copy_of(sig)),
                  .box = BoxAccess::make(Secret::copy_of(box)),
                  .net = std::move(net)};
}

}  // namespace vault::crypto
