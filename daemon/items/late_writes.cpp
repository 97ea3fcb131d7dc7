// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/late_writes.hpp"

#include "crypto/commit.hpp"
#include "daemon/items/items.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

// Opens the content of a commit whose chain was checked before.
Result<Secret> content_of(const Sealed& commit, const EpochKeys& keys, std::uint32_t epoch) {
  const auto key = keys.find(epoch);
  if (key == keys.end()) return StoreErrc::store_damaged;
  return open_commit(*key->second.key, commit.view());
}

struct Drafts {
  crypto::Content content;  // the drafts point into it
  std::vector<std::optional<crypto::BlobRef>> blobs;
  std::vector<crypto::RecordDraft> drafts;
};

Result<void> fill_missing(const Unlocked& vault, const DeviceId& former, const Secret& content, Drafts& out) {
  auto decoded = decode_content(crypto::Kind::data, content.view(), former, nullptr);
  if (!decoded) return StoreErrc::store_damaged;
  out.content = std::move(*decoded);
  out.blobs.resize(out.content.records.size());
  for (std::size_t i = 0; i < out.content.records.size(); ++i) {
    const auto& record = out.content.records[i];
    if (vault.index.find(record.name, record.id)) continue;
    if (record.is_blob()) out.blobs[i].emplace(record.blob_ref());
    out.drafts.push_back(draft_of(record, out.blobs[i] ? &*out.blobs[i] : nullptr));
  }
  return {};
}

}  // namespace

Result<std::vector<Secret>> read_beyond_cut(const store::Store& store, const Keychain& keychain, const DeviceId& former,
                                            ChainState at_cut) {
  std::vector<Sealed> rows;
  const auto first = at_cut.head.seq + 1;
  const auto read = store.read([&](const store::ReadTxn& tx) {
    tx.scan(store::chains, store::Range<store::Place>::between({former, first}, {former, ~std::uint64_t{0}}),
            [&rows](const store::Place&, Sealed commit) { rows.push_back(std::move(commit)); });
  });
  if (!read) return read.error();
  ChainReader reader{keychain, former, std::move(at_cut)};
  for (const auto& commit : rows) {
    Findings findings;
    if (const auto ok = reader.read(commit.view(), findings); !ok) return ok.error();
  }
  if (!reader.verify_newest()) return Errc::tamper;
  std::vector<Secret> contents;
  for (const auto& commit : rows) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header || header->kind != wire::CommitKind::data) continue;
    auto content = content_of(commit, reader.state().keys, header->epoch);
    if (!content) return content.error();
    contents.push_back(std::move(*content));
  }
  return contents;
}

asio::awaitable<Result<std::uint64_t>> write_beyond_cut(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                        DeviceId former, std::vector<Secret> contents) {
  std::uint64_t written = 0;
  for (const auto& content : contents) {
    Drafts missing;
    if (const auto ok = fill_missing(*vault, former, content, missing); !ok) co_return ok.error();
    if (missing.drafts.empty()) continue;
    const auto count = missing.drafts.size();
    const auto done = co_await append_records(vault, writer, std::move(missing.drafts));
    if (!done) co_return done.error();
    written += count;
  }
  co_return written;
}

}  // namespace vault::daemon
