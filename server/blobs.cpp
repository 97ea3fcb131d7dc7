// SPDX-License-Identifier: Apache-2.0
#include "server/blobs.hpp"

#include "base/fault_point.hpp"
#include "crypto/hash.hpp"
#include "server/answers.hpp"

namespace vault::server {
namespace {

// Hashes a chunk as a leaf of RFC 9162 §2.1.1.
Hash leaf_of(const Sealed& chunk) {
  const std::uint8_t prefix = 0;
  return crypto::sha256(BytesView{&prefix, 1}, chunk.view());
}

}  // namespace

Result<wire::BlobChunkHeader> read_chunk(const VaultId& vault, const wire::BlobPath& path, BytesView chunk) {
  auto header = wire::decode_blob_chunk(chunk);
  if (!header) return header;
  if (header->vault != vault || header->blob != path.blob || header->index != path.index) return Errc::tamper;
  return header;
}

Result<wire::HttpResponse> store_chunk(Storage& storage, const wire::BlobChunkHeader& header, const Sealed& chunk) {
  const auto put = storage.put_chunk(header.vault, header.blob, header.index, {chunk, leaf_of(chunk), header.count});
  fault_point("blob.stored");
  if (!put) return put.error();
  if (*put == PutChunk::differs) return Errc::conflict;
  return answer();
}

Result<wire::HttpResponse> answer_leaves(const Storage& storage, const VaultId& vault, const BlobId& blob) {
  const auto leaves = storage.leaves(vault, blob);
  if (!leaves) return leaves.error();
  if (!*leaves) return Errc::not_found;
  return answer(wire::encode(**leaves));
}

Result<wire::HttpResponse> answer_chunk(const Storage& storage, const VaultId& vault, const wire::BlobPath& path) {
  const auto chunk = storage.chunk(vault, path.blob, *path.index);
  if (!chunk) return chunk.error();
  if (!*chunk) return Errc::not_found;
  const auto bytes = (*chunk)->view();
  return answer(Bytes(bytes.begin(), bytes.end()));
}

}  // namespace vault::server
