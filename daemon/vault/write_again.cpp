// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/write_again.hpp"

#include "crypto/commit.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

Result<WrittenAgain> encode_again(const crypto::Content& old, const DeviceId& self, std::uint64_t seq,
                                  const crypto::VersionCheckKey& checks) {
  WrittenAgain out;
  std::vector<std::optional<crypto::BlobRef>> blobs(old.records.size());
  std::vector<crypto::RecordDraft> drafts;
  for (std::size_t i = 0; i < old.records.size(); ++i) {
    if (old.records[i].is_blob()) out.blobs.push_back(blobs[i].emplace(old.records[i].blob_ref()).id);
    drafts.push_back(draft_of(old.records[i], blobs[i] ? &*blobs[i] : nullptr));
  }
  auto encoded = encode_data({}, drafts, self, seq, checks);
  if (!encoded) return encoded.error();
  out.content = std::move(encoded->content);
  return out;
}

}  // namespace

Result<std::optional<WrittenAgain>> written_again(const Sealed& commit, const EpochKeys& keys, const DeviceId& author,
                                                  const DeviceId& self, std::uint64_t seq,
                                                  const crypto::VersionCheckKey& checks) {
  const auto header = wire::decode_commit_header(commit.view());
  if (!header) return StoreErrc::store_damaged;
  if (header->kind != wire::CommitKind::data) return std::optional<WrittenAgain>{};
  const auto key = keys.find(header->epoch);
  if (key == keys.end()) return StoreErrc::store_damaged;
  const auto content = open_commit(*key->second.key, commit.view());
  if (!content) return StoreErrc::store_damaged;
  const auto old = decode_content(crypto::Kind::data, content->view(), author, nullptr);
  if (!old) return StoreErrc::store_damaged;
  auto again = encode_again(*old, self, seq, checks);
  if (!again) return again.error();
  return std::optional{std::move(*again)};
}

}  // namespace vault::daemon
