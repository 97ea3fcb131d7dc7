// SPDX-License-Identifier: Apache-2.0
// A large value on its way out: from this disk or the server, chunk by chunk, to a client's file.
//
// Nothing is written of a chunk that did not have its hash and then open. A few are fetched ahead; what was fetched
// stays on this disk as long as there is room, so that what was cut short goes on where it was.
#pragma once

#include "daemon/blobs/chunks.hpp"
#include "daemon/os/client_file.hpp"

namespace vault::daemon {

struct BlobRange {
  std::uint64_t offset = 0, length = 0;  // within the value; at least one byte
};

// Bytes written, all of the range; `moved` is called after each chunk. Errors: value_damaged, blob_missing; offline and
// what else a Remote says; store_damaged for a value that was not sent yet; those of ClientFile::write.
asio::awaitable<Result<std::uint64_t>> give_out(Blobs& blobs, Threads& threads, BlobServer server,
                                                std::shared_ptr<const crypto::BlobRef> ref, BlobRange range,
                                                ClientFile& to, std::function<void()> moved);

}  // namespace vault::daemon
