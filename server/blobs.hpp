// SPDX-License-Identifier: Apache-2.0
// Implements the endpoints for large values over a Storage: checks chunks, and answers with what is stored.
// wire/PROTOCOL.md §4 and §5.
#pragma once

#include "http/message.hpp"
#include "server/storage.hpp"
#include "wire/blob_chunk.hpp"
#include "wire/blob_path.hpp"

namespace vault::server {

// Returns the header of a chunk if the chunk may be stored at this place of this vault, as far as the chunk itself
// tells. Errors: limit, downgrade, tamper.
[[nodiscard]] Result<wire::BlobChunkHeader> read_chunk(const VaultId& vault, const wire::BlobPath& path,
                                                       BytesView chunk);

// Stores a chunk that read_chunk() accepted, at the place in its header.
Result<wire::HttpResponse> store_chunk(Storage& storage, const wire::BlobChunkHeader& header, const Sealed& chunk);

// Answer in the same way if the value does not exist and if it is another vault's.
Result<wire::HttpResponse> answer_leaves(const Storage& storage, const VaultId& vault, const BlobId& blob);
Result<wire::HttpResponse> answer_chunk(const Storage& storage, const VaultId& vault, const wire::BlobPath& path);

}  // namespace vault::server
