// SPDX-License-Identifier: Apache-2.0
// Seals and opens commits: crypto/FORMAT.md §6. wire/ lays out and reads their headers, crypto/content.hpp their
// content; the daemon checks the rules of a chain.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/key.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

// Frames, seals and signs the content of a data, ack, checkpoint or base commit. Requires: hdr0 of 136 bytes with one
// of these kinds, ctr, and zeros for n and total; content of at most limits::commit_plain_bytes; a counter that was
// never used before.
[[nodiscard]] Sealed seal_commit(const OwnDeviceKey& key, const CommitSigner& signer, Bytes hdr0, BytesView content);

// Seals the commit that opens an epoch and carries `device_key` to readers who have the vault key. `seen` is the
// encoded seen vector. Requires: hdr0 of kind epoch, or of kind jump with 176 bytes.
[[nodiscard]] Sealed seal_epoch_commit(const WrapKey& key, const CommitSigner& signer, Bytes hdr0, BytesView seen,
                                       const OwnDeviceKey& device_key);

// Returns how many counter values a commit with `content` bytes of content uses.
std::uint32_t commit_segments(std::size_t content);

// Returns the content of a commit. Does not check the signature: verify_commit_signature() of crypto/verify.hpp does,
// or a verified descendant vouches for the commit. Errors: limit, downgrade, tamper.
[[nodiscard]] Result<Secret> open_commit(const DeviceKey& key, BytesView commit);

struct OpenedEpoch {
  Secret seen;
  DeviceKey key;
};
[[nodiscard]] Result<OpenedEpoch> open_epoch_commit(const WrapKey& key, BytesView commit);

}  // namespace vault::crypto
