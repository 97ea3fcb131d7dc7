// SPDX-License-Identifier: Apache-2.0
// Verifies signatures, strictly: crypto/FORMAT.md §10. We accept one signature per key and message, so a second one
// proves a second signer and is never a rewritten copy of the first.
//
// Nothing here, and nothing it links, can open a seal. A server includes only this, crypto/hash.hpp and
// crypto/keyring_trailer.hpp.
#pragma once

#include "crypto/hash.hpp"

namespace vault::crypto {

// Verifies as RFC 8032 without the cofactor. False for S >= L, for an A or R that is not canonical or has small order,
// and for everything that does not verify.
[[nodiscard]] bool verify_signature(const SignKey& key, BytesView message, const Signature& signature);

// Return the hash that names a commit or a keyring version: over all its bytes.
inline Hash commit_hash(BytesView whole_commit) { return sha256(whole_commit); }
inline Hash keyring_hash(BytesView whole_keyring) { return sha256(whole_keyring); }

// Verifies the last 64 bytes of the commit as its signature. False if the commit is too short to have one.
[[nodiscard]] bool verify_commit_signature(const SignKey& key, BytesView whole_commit);

// `signed_prefix` is the whole keyring before the count of its signatures: KeyringTrailer::signed_size bytes.
[[nodiscard]] bool verify_keyring_signature(const SignKey& key, BytesView signed_prefix, const Signature& signature);

// `message` is laid out as in wire/PROTOCOL.md, without its label, which is added here.
[[nodiscard]] bool verify_request_signature(const SignKey& key, BytesView message, const Signature& signature);

}  // namespace vault::crypto
