// SPDX-License-Identifier: Apache-2.0
// Checking signatures, strictly: crypto/FORMAT.md §10. One key and message have one signature that we accept, so
// that a second one is proof of a second signer and never a rewritten copy of the first.
//
// Nothing here, and nothing that it links, can open a seal. A server includes only this and crypto/hash.hpp and
// crypto/keyring_trailer.hpp.
#pragma once

#include "crypto/hash.hpp"

namespace vault::crypto {

// Ed25519 of RFC 8032 without the cofactor. False for S >= L, for an A or R that is not canonical or has small
// order, and for everything that does not verify.
[[nodiscard]] bool verify_signature(const SignKey& key, BytesView message, const Signature& signature);

// The hash by which a commit or a keyring version is named: of all its bytes.
inline Hash commit_hash(BytesView whole_commit) { return sha256(whole_commit); }
inline Hash keyring_hash(BytesView whole_keyring) { return sha256(whole_keyring); }

// The signature is the last 64 bytes of the commit; false if it is too short to have one.
[[nodiscard]] bool verify_commit_signature(const SignKey& key, BytesView whole_commit);

// `signed_prefix` is all of the keyring before the count of its signatures: KeyringTrailer::signed_size bytes.
[[nodiscard]] bool verify_keyring_signature(const SignKey& key, BytesView signed_prefix, const Signature& signature);

// `message` as wire/PROTOCOL.md lays it out, without the label, which is added here.
[[nodiscard]] bool verify_request_signature(const SignKey& key, BytesView message, const Signature& signature);

}  // namespace vault::crypto
