// SPDX-License-Identifier: Apache-2.0
// Gives a large value out, from this disk or the server, chunk by chunk, to a client's file.
//
// Nothing of a chunk is written unless it had its hash and could be opened. A few chunks are fetched ahead. What was
// fetched stays on this disk as long as there is room, so a get that was cut short continues where it was.
#pragma once

#include "daemon/blobs/chunks.hpp"
#include "daemon/os/client_file.hpp"

namespace vault::daemon {

struct BlobRange {
  std::uint64_t offset = 0, length = 0;  // within the value; at least one byte
};

// Writes the range, and returns the bytes written. Calls `moved` after each chunk. Errors: value_damaged, blob_missing;
// offline and others of Remote; store_damaged for a value that was not sent yet; those of ClientFile::write.
asio::awaitable<Result<std::uint64_t>> give_out(Blobs& blobs, Threads& threads, BlobServer server,
                                                std::shared_ptr<const crypto::BlobRef> ref, BlobRange range,
                                                ClientFile& to, std::function<void()> moved);

}  // namespace vault::daemon
