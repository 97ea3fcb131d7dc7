// SPDX-License-Identifier: Apache-2.0
// The endpoints for large values over a Storage: what a chunk must be, and what is said of those that are there.
// wire/PROTOCOL.md §4 and §5.
#pragma once

#include "http/message.hpp"
#include "server/storage.hpp"
#include "wire/blob_chunk.hpp"
#include "wire/blob_path.hpp"

namespace vault::server {

// The header of a chunk that may lie at this place of this vault, as far as the chunk itself says. Errors: limit,
// downgrade, tamper.
[[nodiscard]] Result<wire::BlobChunkHeader> read_chunk(const VaultId& vault, const wire::BlobPath& path,
                                                       BytesView chunk);

// Puts a chunk that was read where its header says.
Result<wire::HttpResponse> store_chunk(Storage& storage, const wire::BlobChunkHeader& header, const Sealed& chunk);

// The same for what is not there and what is another vault's.
Result<wire::HttpResponse> answer_leaves(const Storage& storage, const VaultId& vault, const BlobId& blob);
Result<wire::HttpResponse> answer_chunk(const Storage& storage, const VaultId& vault, const wire::BlobPath& path);

}  // namespace vault::server
