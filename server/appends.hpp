// SPDX-License-Identifier: Apache-2.0
// Appends commits to chains and stores chunks of large values, after checking who may. All of it runs on the storage's
// writer thread.
#pragma once

#include <vector>

#include "http/message.hpp"
#include "server/authenticator.hpp"
#include "server/storage.hpp"
#include "wire/blob_chunk.hpp"

namespace vault::server {

// Names who appends, and to which chain.
struct Appender {
  Caller caller;
  DeviceId device;  // owner of the chain
};

// Appends commits to the appender's chain. The answer holds the chain's end, also as gap or conflict.
// Errors: auth, not_found, tamper, commit_unsigned, busy, storage.
Result<wire::HttpResponse> append(Storage& storage, const Appender& who, const std::vector<Sealed>& bytes);

// Stores a chunk whose header is `header`. Errors: auth, not_found, and those of store_chunk.
Result<wire::HttpResponse> put_chunk(Storage& storage, const Appender& who, const wire::BlobChunkHeader& header,
                                     const Sealed& bytes);

}  // namespace vault::server
