// SPDX-License-Identifier: Apache-2.0
// What a commit of this device wrote, to be written again by another commit: the first is void, or beyond the end of a
// chain. The records keep their version ids. crypto/FORMAT.md §6.
#pragma once

#include "daemon/chain/chain_reader.hpp"

namespace vault::daemon {

struct WrittenAgain {
  Secret content;             // of a data commit, with an empty seen vector
  std::vector<BlobId> blobs;  // that it names
};

// Opens a data commit of `author` with the key of its epoch and encodes its records as those of commit `seq` of `self`.
// Returns nothing for any other kind: what acks and checkpoints said was of their moment. Errors: store_damaged when it
// does not open.
Result<std::optional<WrittenAgain>> written_again(const Sealed& commit, const EpochKeys& keys, const DeviceId& author,
                                                  const DeviceId& self, std::uint64_t seq,
                                                  const crypto::VersionCheckKey& checks);

}  // namespace vault::daemon
