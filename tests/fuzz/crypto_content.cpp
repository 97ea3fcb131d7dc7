// SPDX-License-Identifier: Apache-2.0
// What an authentic commit of a hostile member may hold: every kind of content, chosen by the first byte. What is read
// is written again as the same bytes. And texts that a person types: version ids and recovery codes.
#include <algorithm>
#include <cstdlib>

#include "crypto/content.hpp"
#include "crypto/key_access.hpp"
#include "crypto/recovery.hpp"
#include "crypto/rules.hpp"

using namespace vault;
using namespace vault::crypto;

namespace {

void expect(bool good) {
  if (!good) std::abort();
}

Secret encode_again(const Content& content) {
  std::vector<BlobRef> blobs;
  std::vector<RecordDraft> drafts;
  blobs.reserve(content.records.size());
  for (const auto& record : content.records)
    drafts.push_back(draft_of(record, record.is_blob() ? &blobs.emplace_back(record.blob_ref()) : nullptr));
  for (const auto& draft : drafts) expect(check_draft(draft).has_value());
  const VersionCheckKey checks = KeyAccess::copy_of<VersionCheckKey>(Bytes(32, 7));
  return std::move(encode_data(content.seen, drafts, DeviceId{}, 1, checks)->content);
}

void read_data(BytesView in) {
  const auto content = decode_content(Kind::data, in, DeviceId{}, nullptr);
  if (content) expect(std::ranges::equal(encode_again(*content).view(), in));
}

void read_ack(BytesView in) {
  const auto content = decode_content(Kind::ack, in, DeviceId{}, nullptr);
  if (content) expect(std::ranges::equal(encode_ack(content->seen).view(), in));
}

void read_base(BytesView in) {
  const auto content = decode_content(Kind::base, in, DeviceId{}, nullptr);
  if (content) expect(std::ranges::equal(encode_base(content->seen, content->base).view(), in));
}

void read_texts(BytesView in) {
  if (const auto id = version_id_from(text_of(in))) expect(to_text(*id) == text_of(in));
  if (const auto code = RecoveryCode::from_text(Secret::copy_of(in)))
    expect(
        std::ranges::equal(RecoveryAccess::view(*RecoveryCode::from_text(code->text())), RecoveryAccess::view(*code)));
  if (is_plain_text(text_of(in))) expect(is_utf8(text_of(in)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView in{data + 1, size - 1};
  if (data[0] % 4 == 0) read_data(in);
  if (data[0] % 4 == 1) read_ack(in);
  if (data[0] % 4 == 2) read_base(in);
  if (data[0] % 4 == 3) read_texts(in);
  return 0;
}
