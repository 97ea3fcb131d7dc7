// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/auto_merge.hpp"

#include <algorithm>

#include "base/fault_point.hpp"
#include "base/limits.hpp"

namespace vault::daemon {
namespace {

std::vector<VersionId> ids_of(const std::vector<Version>& heads) {
  std::vector<VersionId> out;
  for (const auto& head : heads) out.push_back(head.id);
  std::ranges::sort(out);
  return out;
}

// Returns the versions to open: those with a value in their record.
std::vector<Version> to_open(const MergeSteps& steps, const std::vector<Version>& history) {
  auto wanted = ids_of(steps.heads);
  for (const auto& ancestors : steps.ancestors) wanted.insert(wanted.end(), ancestors.begin(), ancestors.end());
  std::ranges::sort(wanted);
  std::vector<Version> out;
  for (const auto& version : history)
    if (std::ranges::binary_search(wanted, version.id) && version.size <= limits::value_bytes) out.push_back(version);
  return out;
}

struct Steps {
  MergeSteps steps;
  std::vector<Version> open;
};

Merged merge_opened(const Steps& at, const std::vector<Version>& puts, const std::vector<Result<ItemValue>>& values) {
  OpenedVersions opened;
  for (const auto& version : at.open)
    if (version.operation == crypto::Operation::remove) opened.emplace(version.id, nullptr);
  for (std::size_t i = 0; i < puts.size(); ++i)
    if (values[i] && values[i]->blob == nullptr) opened.emplace(puts[i].id, &*values[i]);
  return merge_heads(at.steps, opened);
}

std::size_t weight(const ItemWrite& write) {
  std::size_t sum = write.name.size() + write.value.size();
  for (const auto& [key, value] : write.attributes) sum += key.size() + value.size();
  return sum;
}

}  // namespace

asio::awaitable<MergeTry> try_merge(Threads& threads, std::shared_ptr<const store::Store> store,
                                    std::shared_ptr<Unlocked> vault, std::string name) {
  auto prepare = [heads = vault->index.heads(name), history = vault->index.history(name)]() mutable {
    auto steps = merge_steps(std::move(heads), history);
    auto open = to_open(steps, history);
    return Steps{std::move(steps), std::move(open)};
  };
  auto prepared = co_await run_on(threads.reader, std::move(prepare));
  const auto at = std::make_shared<const Steps>(std::move(prepared));
  std::vector<Version> puts;
  std::vector<Location> places;
  for (const auto& version : at->open)
    if (version.operation == crypto::Operation::put) {
      puts.push_back(version);
      places.push_back(version.at);
    }
  auto values = co_await read_values(threads, std::move(store), std::move(vault), std::move(places));
  auto work = [at, puts = std::move(puts), values = std::move(values)] { return merge_opened(*at, puts, values); };
  auto merged = co_await run_on(threads.reader, std::move(work));
  MergeTry out{at->steps.heads, {}, std::move(merged)};
  if (!at->steps.ancestors.empty()) out.ancestors = at->steps.ancestors.front();
  co_return out;
}

ItemWrite write_of(std::string name, MergeTry merge) {
  ItemWrite write{.operation = crypto::Operation::remove, .name = std::move(name)};
  write.if_heads = ids_of(merge.heads);
  if (auto& value = merge.merged.value) {
    write.operation = crypto::Operation::put;
    write.value = std::move(value->value);
    write.content_type = std::move(value->content_type);
    write.attributes = std::move(value->attributes);
  }
  return write;
}

bool AutoMerge::is_due(const Unlocked& vault, const std::string& name) const {
  const auto heads = vault.index.heads(name);
  if (merging_device(heads, vault.keychain->body().devices) != vault.self()) return false;
  const auto tried = tried_.find(name);
  return tried == tried_.end() || tried->second != ids_of(heads);
}

asio::awaitable<void> AutoMerge::settle() {
  auto vault = device_->unlocked;
  if (!vault) co_return;
  std::erase_if(tried_, [&vault](const auto& row) { return !vault->index.conflicts().contains(row.first); });
  const auto names = vault->index.conflicts();  // a copy: merges remove some
  std::vector<ItemWrite> writes;
  std::size_t bytes = 0;
  for (const auto& name : names) {
    if (!is_due(*vault, name)) continue;
    auto tried = co_await try_merge(device_->threads, device_->store, vault, name);
    if (device_->unlocked != vault) co_return;  // locked meanwhile
    tried_[name] = ids_of(tried.heads);
    if (!tried.merged.clashes.empty()) continue;
    writes.push_back(write_of(name, std::move(tried)));
    bytes += weight(writes.back());
    if (writes.size() < limits::merges_round && bytes < limits::commit_plain_bytes / 2) continue;
    auto full = std::exchange(writes, {});
    bytes = 0;
    co_await write(vault, std::move(full));
  }
  if (!writes.empty()) co_await write(std::move(vault), std::move(writes));
}

// Writes the merges, except those of items whose heads have changed meanwhile. The next round looks at them again.
asio::awaitable<void> AutoMerge::write(std::shared_ptr<Unlocked> vault, std::vector<ItemWrite> writes) {
  if (device_->unlocked != vault) co_return;
  std::erase_if(writes, [&vault](const auto& write) { return !vault->has_heads(write.name, *write.if_heads); });
  if (writes.empty()) co_return;
  fault_point("merge.before-write");
  const auto count = writes.size();
  std::optional<Refusal> refusal;
  const auto written = co_await write_items(std::move(vault), device_->writer, std::move(writes), refusal);
  if (written) {
    log::info("items written on devices apart were merged", {{"items", count}});
  } else {
    tried_.clear();
    log::warning("a merge was not written", {{"error", written.error()}});
  }
}

}  // namespace vault::daemon
