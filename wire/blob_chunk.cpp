// SPDX-License-Identifier: Apache-2.0
#include "wire/blob_chunk.hpp"

#include "wire/seal_header.hpp"

namespace vault::wire {
namespace {

constexpr std::size_t salt_and_commitment = 64;
constexpr std::size_t tag = 16;
constexpr std::size_t fixed_bytes = blob_chunk_header_bytes + salt_and_commitment;
static_assert(blob_chunk_bytes ==
              fixed_bytes + limits::chunk_bytes + limits::chunk_bytes / limits::segment_bytes * tag);
static_assert(blob_chunk_bytes <= limits::request_bytes);

bool is_in_place(const BlobChunkHeader& h, std::uint64_t counter) {
  if (h.index >= h.count || counter != h.index) return false;
  return h.index + 1 == h.count || h.total == blob_chunk_bytes;
}

}  // namespace

Bytes encode(const BlobChunkHeader& h) {
  ByteWriter out;
  encode(out, SealHeader{h.suite, blob_chunk_kind, h.vault, h.device, h.index, h.segments, h.total});
  out.fixed(h.blob).u64(h.index).u64(h.count);
  return out.take();
}

Result<BlobChunkHeader> decode_blob_chunk(BytesView chunk) {
  if (chunk.size() > blob_chunk_bytes) return Errc::limit;
  ByteReader in{chunk};
  const auto seal = decode_seal_header(in);
  if (!seal) return seal.error();
  BlobChunkHeader h{.suite = seal->suite,
                    .vault = seal->vault,
                    .device = seal->device,
                    .blob = in.fixed<BlobId>(),
                    .segments = seal->segments,
                    .total = seal->total};
  h.index = in.u64();
  h.count = in.u64();
  if (!in.ok() || seal->kind != blob_chunk_kind || !is_in_place(h, seal->counter)) return Errc::tamper;
  if (h.count > limits::blob_chunks) return Errc::limit;
  if (h.total != chunk.size() || !segments_fit(h.segments, h.total, fixed_bytes)) return Errc::tamper;
  return h;
}

}  // namespace vault::wire
