// SPDX-License-Identifier: Apache-2.0
// Writes the content of a commit of this device again in another commit, because the first is void or beyond the end of
// a chain. The records keep their version ids. crypto/FORMAT.md §6.
#pragma once

#include "daemon/chain/chain_reader.hpp"

namespace vault::daemon {

struct WrittenAgain {
  Secret content;             // of a data commit, with an empty seen vector
  std::vector<BlobId> blobs;  // those it names
};

// Opens a data commit of `author` with the key of its epoch and encodes its records as those of commit `seq` of `self`.
// Returns nullopt for any other kind: acks and checkpoints only mattered at their time. Errors: store_damaged if it
// cannot be opened.
Result<std::optional<WrittenAgain>> written_again(const Sealed& commit, const EpochKeys& keys, const DeviceId& author,
                                                  const DeviceId& self, std::uint64_t seq,
                                                  const crypto::VersionCheckKey& checks);

}  // namespace vault::daemon
