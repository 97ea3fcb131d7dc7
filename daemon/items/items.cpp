// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/items.hpp"

#include <algorithm>
#include <set>

#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "crypto/rules.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/blobs.hpp"
#include "daemon/vault/epoch.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using Named = std::vector<std::pair<std::string, Version>>;

crypto::RecordDraft draft_of(const ItemWrite& write) {
  crypto::RecordDraft draft{.operation = write.operation,
                            .name = write.name,
                            .content_type = write.content_type,
                            .value = write.value.view(),
                            .blob = write.blob.get()};
  for (const auto& [key, value] : write.attributes) draft.attributes.push_back({key, value});
  return draft;
}

// Errors: conflict, item_exists; `heads` are then those that the item has.
Result<void> check_heads(const Unlocked& vault, const ItemWrite& write, std::optional<std::vector<VersionId>>& heads) {
  const auto expected = write.if_version ? std::optional{std::vector{*write.if_version}} : write.if_heads;
  const bool others = expected && !vault.has_heads(write.name, *expected);
  if (!others && !(write.if_absent && vault.will_exist(write.name))) return {};
  heads = vault.planned_heads(write.name);
  if (others) return Errc::conflict;
  return DaemonErrc::item_exists;
}

Result<void> check_write(const Unlocked& vault, const ItemWrite& write, std::optional<std::vector<VersionId>>& heads) {
  if (const auto ok = crypto::check_draft(draft_of(write)); !ok) return ok;
  if (const auto ok = check_heads(vault, write, heads); !ok) return ok;
  const bool settles = write.if_heads && write.if_heads->size() > 1;  // two removes become one
  const bool removes = write.operation == crypto::Operation::remove && !settles;
  if (removes && !vault.will_exist(write.name)) return DaemonErrc::item_not_found;
  return {};
}

crypto::RecordDraft draft_of(Unlocked& vault, const ItemWrite& write, std::uint64_t now) {
  auto draft = draft_of(write);
  draft.replaces = write.replaces ? *write.replaces : vault.planned_heads(write.name);
  draft.clock = vault.clock.tick(now);
  draft.wall_ms = now;
  std::ranges::sort(draft.replaces);  // in the order of a record, so this device's copy equals that of all others
  return draft;
}

Unlocked::Attributes attributes_of(const crypto::RecordDraft& draft) {
  Unlocked::Attributes out;
  for (const auto& [key, value] : draft.attributes) out.emplace(key, value);
  return out;
}

Named versions_of(const std::vector<crypto::RecordDraft>& drafts, const std::vector<VersionId>& ids,
                  const Location& first) {
  Named versions;
  for (std::uint32_t i = 0; i < drafts.size(); ++i) {
    const auto& draft = drafts[i];
    versions.emplace_back(draft.name, Version{.id = ids[i],
                                              .at = {first.device, first.seq, i},
                                              .operation = draft.operation,
                                              .clock = draft.clock,
                                              .wall = draft.wall_ms,
                                              .size = draft.blob != nullptr ? draft.blob->length : draft.value.size(),
                                              .content_type = std::string{draft.content_type},
                                              .replaces = draft.replaces});
  }
  return versions;
}

constexpr std::size_t slice = 100;  // versions put into the index before the event loop gets a turn

asio::awaitable<void> apply(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Named> versions, Written written) {
  std::size_t done = 0;
  for (const auto& [name, version] : *versions) {
    vault->written(name, version);
    if (++done % slice == 0) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
  vault->written(written.head, written.counter_end);
}

}  // namespace

Result<void> check_items(const Unlocked& vault, const std::vector<ItemWrite>& writes, std::optional<Refusal>& refusal) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    std::optional<std::vector<VersionId>> heads;
    auto ok = check_write(vault, writes[i], heads);
    if (ok && !names.insert(writes[i].name).second) ok = InputErrc::name_twice;
    if (ok) continue;
    refusal = Refusal{i, writes[i].name, std::move(heads)};
    return ok;
  }
  return {};
}

asio::awaitable<Result<std::vector<VersionId>>> write_items(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                            std::vector<ItemWrite> writes,
                                                            std::optional<Refusal>& refusal) {
  if (const auto ok = check_items(*vault, writes, refusal); !ok) co_return ok.error();
  const auto now = wall_time();
  std::vector<crypto::RecordDraft> drafts;
  FreshBlobs blobs;
  for (const auto& write : writes) {
    drafts.push_back(draft_of(*vault, write, now));
    if (write.fresh_blob) blobs.emplace_back(write.blob->id, row_of(*write.blob, store::BlobState::owed));
  }
  co_return co_await append_records(vault, writer, std::move(drafts), std::move(blobs));
}

asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts) {
  return append_records(std::move(vault), writer, std::move(drafts), FreshBlobs{});
}

asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts,
                                                               FreshBlobs blobs) {
  open_due_epoch(vault, writer);
  const auto seen = vault->unseen();
  const auto seq = vault->next_seq();
  auto encoded = encode_data(seen, drafts, vault->self(), seq, vault->keychain->version_checks());
  if (!encoded) co_return encoded.error();
  auto versions = versions_of(drafts, encoded->ids, {vault->self(), seq, 0});
  for (std::size_t i = 0; i < versions.size(); ++i)
    vault->plan(versions[i].first, versions[i].second, attributes_of(drafts[i]));
  vault->planned(seen);

  CommitPlan plan{
      .keys = vault->identity, .keychain = vault->keychain, .seq = seq, .content = std::move(encoded->content)};
  plan.blobs = std::move(blobs);
  auto shared = std::make_shared<const Named>(std::move(versions));
  Writer::Applied tell = [vault, shared](Written w) { return apply(vault, shared, w); };
  const auto written = co_await writer.append(std::move(plan), std::move(tell));
  if (!written) co_return written.error();
  co_return std::move(encoded->ids);
}

namespace {

Result<ItemValue> value_of(const crypto::RecordView& record) {
  ItemValue out{Secret::copy_of(record.value), nullptr, std::string{record.content_type}, {}};
  if (record.is_blob()) out.blob = std::make_shared<const crypto::BlobRef>(record.blob_ref());
  for (const auto& attribute : record.attributes) out.attributes.emplace(attribute.key, attribute.value);
  return out;
}

// Reads the records of one commit, which is opened once.
Result<void> read_commit(const store::Store& store, const EpochKeys& keys, const std::vector<const Location*>& places,
                         const std::function<void(const Location*, Result<ItemValue>)>& take) {
  const auto& first = *places.front();
  const auto commit = store.read([&first](const store::ReadTxn& tx) {
    return tx.get(store::chains, {first.device, first.seq});
  });
  if (!commit) return commit.error();
  if (!*commit) return StoreErrc::store_damaged;
  return with_records((*commit)->view(), keys, first.device, first.seq, [&](const auto& records) {
    for (const auto* at : places)
      take(at, at->record < records.size() ? value_of(records[at->record]) : StoreErrc::store_damaged);
  });
}

using Keys = std::map<DeviceId, EpochKeys>;

std::vector<Result<ItemValue>> read_all(const store::Store& store, const Keys& keys,
                                        const std::vector<Location>& places) {
  std::vector<Result<ItemValue>> out;
  for (std::size_t i = 0; i < places.size(); ++i) out.emplace_back(Errc::internal);
  std::map<std::pair<DeviceId, std::uint64_t>, std::vector<const Location*>> commits;
  for (const auto& at : places) commits[{at.device, at.seq}].push_back(&at);
  const auto take = [&](const Location* at, Result<ItemValue> value) {
    out[static_cast<std::size_t>(at - places.data())] = std::move(value);
  };
  for (const auto& [commit, in] : commits)
    if (const auto read = read_commit(store, keys.at(commit.first), in, take); !read)
      for (const auto* at : in) take(at, read.error());
  return out;
}

}  // namespace

asio::awaitable<std::vector<Result<ItemValue>>> read_values(Threads& threads, std::shared_ptr<const store::Store> store,
                                                            std::shared_ptr<Unlocked> vault,
                                                            std::vector<Location> places) {
  Keys keys;
  for (const auto& at : places) keys.try_emplace(at.device, vault->ledger.at(at.device).keys);
  vault.reset();  // a lock need not wait for this
  auto work = [store, places = std::move(places), keys = std::move(keys)] { return read_all(*store, keys, places); };
  co_return co_await run_on(threads.reader, std::move(work));
}

Result<Version> find_version(const Unlocked& vault, std::string_view name, const std::optional<std::string>& version) {
  if (version) {
    const auto id = crypto::version_id_from(*version);
    auto found = id ? vault.index.find(name, *id) : std::nullopt;
    if (!found) return DaemonErrc::version_unknown;
    if (found->operation == crypto::Operation::remove) return DaemonErrc::version_is_remove;
    return std::move(*found);
  }
  auto heads = vault.index.heads(name);
  if (heads.empty() || heads.front().operation == crypto::Operation::remove) return DaemonErrc::item_not_found;
  return std::move(heads.front());
}

}  // namespace vault::daemon
