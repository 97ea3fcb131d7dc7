// SPDX-License-Identifier: Apache-2.0
#include "crypto/content.hpp"

#include "base/assert.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "crypto/hkdf.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t head_bytes = DeviceId::size + 8 + Hash::size;

SeenVector read_seen(ByteReader& in, const DeviceId& own) {
  SeenVector out;
  const auto count = in.u16();
  if (count * head_bytes > in.left()) in.fail();
  for (int i = 0; i < count && in.ok(); ++i) {
    const auto device = in.fixed<DeviceId>();
    const auto seq = in.u64();
    const Head head{seq, in.fixed<Hash>()};
    if (device == own || seq == 0 || (!out.empty() && out.rbegin()->first >= device)) in.fail();
    out.emplace_hint(out.end(), device, head);
  }
  return out;
}

std::vector<RecordView> read_records(ByteReader& in) {
  std::vector<RecordView> out;
  const auto count = in.u32();
  if (count == 0 || count > limits::commit_records) in.fail();
  if (!in.ok()) return out;
  out.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) out.push_back(read_record(in));
  return out;
}

BaseStart read_base(ByteReader& in) {
  const auto seq = in.u64();
  if (seq == 0) in.fail();
  return {seq, in.fixed<Hash>()};
}

}  // namespace

Bytes encode_seen(const SeenVector& seen) {
  VAULT_ASSERT(seen.size() <= UINT16_MAX);
  ByteWriter out;
  out.u16(static_cast<std::uint16_t>(seen.size()));
  for (const auto& [device, head] : seen) out.fixed(device).u64(head.seq).fixed(head.hash);
  return out.take();
}

Result<SeenVector> decode_seen(BytesView bytes, const DeviceId& own) {
  ByteReader in{bytes};
  auto seen = read_seen(in, own);
  if (!in.done()) return Errc::tamper;
  return seen;
}

Result<EncodedData> encode_data(const SeenVector& seen, std::span<const RecordDraft> drafts, const DeviceId& device,
                                std::uint64_t seq, const VersionCheckKey& key) {
  if (drafts.empty() || drafts.size() > limits::commit_records) return InputErrc::batch_too_large;
  EncodedData out;
  out.content = concat({encode_seen(seen), be32(static_cast<std::uint32_t>(drafts.size()))});
  for (const auto& draft : drafts) {
    if (auto good = check_draft(draft); !good) return good.error();
    const auto index = static_cast<std::uint32_t>(out.ids.size());
    out.ids.push_back(append_record(out.content, draft, {device, seq, index}, key));
    if (out.content.size() > limits::commit_plain_bytes) return InputErrc::batch_too_large;
  }
  return out;
}

Secret encode_ack(const SeenVector& seen) { return Secret::copy_of(encode_seen(seen)); }

Secret encode_base(const SeenVector& seen, const BaseStart& base) {
  return concat({encode_seen(seen), be64(base.seq), base.before.view()});
}

Result<Content> decode_content(Kind kind, BytesView content, const DeviceId& own, const VersionCheckKey* checks) {
  VAULT_ASSERT(device_kinds.has(kind));
  if (content.size() > limits::commit_plain_bytes) return Errc::tamper;
  ByteReader in{content};
  Content out;
  out.seen = read_seen(in, own);
  if (kind == Kind::data) out.records = read_records(in);
  if (kind == Kind::base) out.base = read_base(in);
  if (!in.done()) return Errc::tamper;
  const auto is_right = [&](const RecordView& record) { return check_is_right(*checks, record); };
  if (checks != nullptr && !std::ranges::all_of(out.records, is_right)) return Errc::tamper;
  return out;
}

}  // namespace vault::crypto
