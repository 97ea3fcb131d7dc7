// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.hpp"

#include "base/assert.hpp"
#include "crypto/botan.hpp"
#include "crypto/hash.hpp"
#include "crypto/signer_access.hpp"

namespace vault::crypto {

namespace {

// Wipes the stack below the caller. Botan leaves the expanded seed, which is enough to sign, in frames there of less
// than 4 KiB, until the same thread happens to call as deep again.
[[gnu::noinline]] void wipe_frames_below() {
  std::array<std::uint8_t, 16 * 1024> frames;
  wipe(frames);
}

}  // namespace

Signer::Signer(Secret seed) : pair_(64) {
  VAULT_ASSERT(seed.size() == 32);
  SignKey unused;
  Botan::Sodium::crypto_sign_ed25519_seed_keypair(unused.raw.data(), pair_.writable().data(), seed.view().data());
  wipe_frames_below();
}

SignKey Signer::public_key() const { return SignKey::from(pair_.view().last(32)); }

Signature Signer::sign(std::string_view label, BytesView message) const {
  VAULT_ASSERT(pair_.size() == 64);  // fails for a signer that was moved from
  const auto text = signed_message(label, message);
  Signature out;
  Botan::Sodium::crypto_sign_ed25519_detached(out.raw.data(), nullptr, text.data(), text.size(), pair_.view().data());
  wipe_frames_below();
  return out;
}

Signature AuthKey::sign_keyring(BytesView signed_prefix) const {
  return sign(keyring_label, sha256(signed_prefix).view());
}
Signature AuthKey::sign_request(BytesView message) const { return sign(request_label, message); }

Signature RecoveryAuthKey::sign_keyring(BytesView signed_prefix) const {
  return sign(keyring_label, sha256(signed_prefix).view());
}
Signature RecoveryAuthKey::sign_request(BytesView message) const { return sign(request_label, message); }

Signature RequestSigner::sign_request(BytesView message) const { return sign(request_label, message); }
Signature RequestSigner::sign_manifest(BytesView signed_prefix) const {
  return sign(export_label, sha256(signed_prefix).view());
}
Secret RequestSigner::seed() const { return Secret::copy_of(SignerAccess::seed(*this)); }
RequestSigner RequestSigner::from_seed(const Secret& seed) { return RequestSigner{Secret::copy_of(seed.view())}; }

}  // namespace vault::crypto
