// SPDX-License-Identifier: Apache-2.0
// Sealing and opening commits: crypto/FORMAT.md §6. Headers are laid out and read by wire/, content by
// crypto/content.hpp; the chain's rules are the daemon's.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/key.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

// A data, ack, checkpoint or base commit: content framed, sealed and signed. Requires: hdr0 of 136 bytes with one of
// these kinds, ctr and zeros for n and total; content of at most limits::commit_plain_bytes; a counter that has never
// gone before.
[[nodiscard]] Sealed seal_commit(const OwnDeviceKey& key, const CommitSigner& signer, Bytes hdr0, BytesView content);

// The commit that opens an epoch: it carries `device_key` for the readers who have the vault key. `seen` is the
// encoded seen vector; hdr0 of kind epoch, or of kind jump and then of 176 bytes.
[[nodiscard]] Sealed seal_epoch_commit(const WrapKey& key, const CommitSigner& signer, Bytes hdr0, BytesView seen,
                                       const OwnDeviceKey& device_key);

// The counter values that a commit with this much content takes.
std::uint32_t commit_segments(std::size_t content);

// The content of a commit. The signature is not looked at: that is verify_commit_signature() of crypto/verify.hpp,
// or a descendant that was verified. Errors: limit, downgrade, tamper.
[[nodiscard]] Result<Secret> open_commit(const DeviceKey& key, BytesView commit);

struct OpenedEpoch {
  Secret seen;
  DeviceKey key;
};
[[nodiscard]] Result<OpenedEpoch> open_epoch_commit(const WrapKey& key, BytesView commit);

}  // namespace vault::crypto
