// SPDX-License-Identifier: Apache-2.0
#include "wire/commit_header.hpp"

#include "base/limits.hpp"
#include "wire/seal_header.hpp"

namespace vault::wire {
namespace {

// Checks that the largest content, with the 4 bytes of its length, fills whole segments without padding.
constexpr std::size_t largest_frame = limits::commit_plain_bytes + 4, gcm_tag = 16, of_a_page = 2 + 4;
static_assert(largest_frame % limits::segment_bytes == 0);
static_assert(limits::commit_bytes ==
              commit_fixed_bytes + largest_frame + largest_frame / limits::segment_bytes * gcm_tag);
static_assert(limits::commit_bytes + of_a_page <= limits::request_bytes);

}  // namespace

Bytes encode(const CommitHeader& h) {
  ByteWriter out;
  encode(out,
         SealHeader{h.suite, static_cast<std::uint8_t>(h.kind), h.vault, h.device, h.counter, h.segments, h.total});
  out.u32(h.epoch).u64(h.seq).u32(h.keyring_version).fixed(h.keyring_hash).fixed(h.prev);
  if (h.kind == CommitKind::jump) out.u64(h.after.seq).fixed(h.after.hash);
  return out.take();
}

Result<CommitHeader> decode_commit_header(BytesView commit) {
  if (commit.size() > limits::commit_bytes) return Errc::limit;
  ByteReader in{commit};
  const auto seal = decode_seal_header(in);
  if (!seal) return seal.error();
  if (seal->kind < 1 || seal->kind > 6) return Errc::downgrade;
  CommitHeader h{.suite = seal->suite,
                 .kind = static_cast<CommitKind>(seal->kind),
                 .vault = seal->vault,
                 .device = seal->device,
                 .counter = seal->counter,
                 .segments = seal->segments,
                 .total = seal->total};
  h.epoch = in.u32();
  h.seq = in.u64();
  h.keyring_version = in.u32();
  h.keyring_hash = in.fixed<Hash>();
  h.prev = in.fixed<Hash>();
  const bool jumps = h.kind == CommitKind::jump;
  if (jumps) h.after.seq = in.u64();
  if (jumps) h.after.hash = in.fixed<Hash>();
  if (jumps && h.after.seq >= h.seq) return Errc::tamper;
  if (!in.ok() || h.epoch == 0 || h.seq == 0 || h.keyring_version == 0) return Errc::tamper;
  const auto fixed = commit_fixed_bytes + (jumps ? jump_header_bytes - commit_header_bytes : 0);
  if (h.total != commit.size() || !segments_fit(h.segments, h.total, fixed)) return Errc::tamper;
  if (h.counter > limits::counter_end || h.segments > limits::counter_end - h.counter) return Errc::tamper;
  return h;
}

}  // namespace vault::wire
