// SPDX-License-Identifier: Apache-2.0
#include "daemon/index/index.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "store/errc.hpp"

namespace vault::daemon {

// -- Reading pages

// Returns the page that has the key, if any does. Requires: there are pages.
std::size_t Index::slot_of(const EntryKey& key) const {
  const auto after = std::upper_bound(slots_.begin(), slots_.end(), key,
                                      [](const EntryKey& k, const Slot& slot) { return k < slot.page->first(); });
  return after == slots_.begin() ? 0 : static_cast<std::size_t>(after - slots_.begin()) - 1;
}

ItemHeads Index::packed_heads(std::string_view name) const {
  if (slots_.empty()) return {};
  return find_heads(slots_[slot_of({name, std::nullopt})].page->bytes(), name, devices_);
}

std::optional<Version> Index::packed_past(const EntryKey& key) const {
  if (slots_.empty()) return std::nullopt;
  PageReader reader{slots_[slot_of(key)].page->bytes(), devices_};
  while (reader.next())
    if (!(reader.key() < key)) return reader.key() == key ? std::optional{reader.past()} : std::nullopt;
  return std::nullopt;
}

std::vector<Version> Index::heads(std::string_view name) const {
  const auto at = recent_.find(name);
  return at != recent_.end() ? at->second.item.heads : packed_heads(name).heads;
}

std::vector<Version> Index::history(std::string_view name) const {
  auto all = heads(name);
  if (all.empty()) return all;
  if (const auto at = recent_.find(name); at != recent_.end())
    for (const auto& [id, version] : at->second.past) all.push_back(version);
  for (auto i = slots_.empty() ? 0 : slot_of({name, std::nullopt}); i < slots_.size(); ++i) {
    if (slots_[i].page->first().name > name) break;
    PageReader reader{slots_[i].page->bytes(), devices_};
    while (reader.next())
      if (reader.name() == name && !reader.is_heads()) all.push_back(reader.past());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

std::optional<Version> Index::find(std::string_view name, const VersionId& id) const {
  for (auto& head : heads(name))
    if (head.id == id) return std::move(head);
  if (const auto at = recent_.find(name); at != recent_.end())
    if (const auto past = at->second.past.find(id); past != at->second.past.end()) return past->second;
  return packed_past({name, id});
}

void Index::walk(std::string_view first, const Use& use) const {
  auto late = recent_.lower_bound(first);
  for (auto i = slots_.empty() ? 0 : slot_of({first, std::nullopt}); i < slots_.size(); ++i) {
    PageReader reader{slots_[i].page->bytes(), devices_};
    while (reader.next()) {
      if (!reader.is_heads() || reader.name() < first) continue;
      for (; late != recent_.end() && late->first < reader.name(); ++late)
        if (!use(late->first, late->second.item.heads)) return;
      if (late != recent_.end() && late->first == reader.name()) continue;  // the newer heads follow
      if (!use(reader.name(), reader.heads().heads)) return;
    }
  }
  for (; late != recent_.end(); ++late)
    if (!use(late->first, late->second.item.heads)) return;
}

// -- Adding

Index::Recent& Index::recent(std::string_view name) {
  const auto at = recent_.find(name);
  if (at != recent_.end()) return at->second;
  return recent_.emplace(std::string{name}, Recent{packed_heads(name), {}}).first->second;
}

bool Index::is_past(std::string_view name, const Recent& item, const VersionId& id) const {
  if (item.past.contains(id)) return true;
  return item.item.past > item.past.size() && packed_past({name, id}).has_value();
}

void Index::add(std::string_view name, Version version) {
  const auto same = [&id = version.id](const Version& head) { return head.id == id; };
  auto& item = recent(name);
  const auto& heads = item.item.heads;
  if (std::any_of(heads.begin(), heads.end(), same) || is_past(name, item, version.id)) return;
  const bool is_new = heads.empty(), existed = item.item.exists(), conflicted = item.item.in_conflict();
  place(name, item, std::move(version));
  counts_.items += item.item.exists() ? 1u : 0u;
  counts_.items -= existed ? 1u : 0u;
  if (!conflicted && item.item.in_conflict()) conflicts_.emplace(name);
  if (conflicted && !item.item.in_conflict()) conflicts_.erase(conflicts_.find(name));
  counts_.conflicts = conflicts_.size();
  counts_.names += is_new ? 1u : 0u;
  ++counts_.versions;
  if (recent_.size() > sizes_.recent_items + counts_.names / 16) fold_one();
}

// Puts a new version in its place among the others of its item.
void Index::place(std::string_view name, Recent& item, Version version) {
  auto& heads = item.item.heads;
  auto& missing = item.item.missing;
  auto& past = item.item.past;
  const auto retire = [&item, &past](Version old) {
    ++past;
    const auto id = old.id;
    item.past.emplace(id, std::move(old));
  };
  for (const auto& id : version.replaces) {
    const auto old = std::find_if(heads.begin(), heads.end(), [&id](const auto& head) { return head.id == id; });
    const auto gap = std::lower_bound(missing.begin(), missing.end(), id);
    if (old != heads.end()) {
      retire(std::move(*old));
      heads.erase(old);
    } else if ((gap == missing.end() || *gap != id) && !is_past(name, item, id)) {
      missing.insert(gap, id);
    }
  }
  if (const auto gap = std::lower_bound(missing.begin(), missing.end(), version.id);
      gap != missing.end() && *gap == version.id) {
    missing.erase(gap);
    retire(std::move(version));
  } else {
    heads.insert(std::upper_bound(heads.begin(), heads.end(), version, wins_over), std::move(version));
  }
}

// -- Packing

std::size_t Index::fold(std::size_t pages) {
  for (; pages > 0 && !recent_.empty(); --pages) fold_one();
  return recent_.size();
}

// Packs the recent items that belong into one page: the page after the one packed last.
void Index::fold_one() {
  auto from = recent_.lower_bound(folded_);
  if (from == recent_.end()) from = recent_.begin();
  const auto slot = slots_.empty() ? 0 : slot_of({from->first, std::nullopt});
  auto to = slot + 1 < slots_.size() ? recent_.upper_bound(slots_[slot + 1].page->first().name) : recent_.end();
  if (to == from) to = std::next(from);
  std::vector<Entry> fresh;
  for (auto at = from; at != to; ++at) {
    fresh.push_back(entry_of(at->first, at->second.item, devices_));
    for (const auto& [id, version] : at->second.past) fresh.push_back(entry_of(at->first, version, devices_));
  }
  merge_run(slot, std::move(fresh));
  folded_ = to != recent_.end() ? to->first : std::string{};
  recent_.erase(from, to);
}

// Merges entries into this page and the next ones, into which an item's history may reach.
void Index::merge_run(std::size_t slot, std::vector<Entry> fresh) {
  for (auto from = fresh.begin(); from != fresh.end(); ++slot) {
    auto to = fresh.end();
    if (slot + 1 < slots_.size())
      to = std::partition_point(from, fresh.end(), [bound = slots_[slot + 1].page->first()](const Entry& entry) {
        return entry.key() < bound;
      });
    if (to == from) continue;
    const auto* old = slot < slots_.size() ? slots_[slot].page.get() : nullptr;
    std::vector<Slot> pages;
    for (auto& page : merge(old, {from, to}, sizes_.page_bytes, devices_)) pages.push_back({std::move(page)});
    const auto at = slots_.begin() + static_cast<std::ptrdiff_t>(slot);
    slots_.insert(old != nullptr ? slots_.erase(at) : at, pages.begin(), pages.end());
    slot += pages.size() - 1;
    from = to;
  }
}

// -- The snapshot

const std::vector<Index::Slot>& Index::slots() const {
  VAULT_ASSERT(recent_.empty());
  return slots_;
}

void Index::stored(const std::vector<Slot>& slots) {
  std::map<const IndexPage*, std::uint64_t> serials;
  for (const auto& slot : slots) serials[slot.page.get()] = slot.serial;
  for (auto& slot : slots_)
    if (const auto at = serials.find(slot.page.get()); at != serials.end()) slot.serial = at->second;
}

Result<Index> Index::restore(DeviceNumbers devices, std::vector<Slot> slots, const IndexCounts& counts) {
  for (std::size_t i = 1; i < slots.size(); ++i)
    if (!(slots[i - 1].page->first() < slots[i].page->first())) return StoreErrc::store_damaged;
  Index out;
  out.devices_ = std::move(devices);
  out.slots_ = std::move(slots);
  out.counts_ = counts;
  if (counts.conflicts > 0) out.find_conflicts();
  return out;
}

void Index::find_conflicts() {
  walk("", [this](const std::string& name, const std::vector<Version>& heads) {
    if (heads.size() > 1) conflicts_.insert(name);
    return conflicts_.size() < counts_.conflicts;
  });
  counts_.conflicts = conflicts_.size();
}

}  // namespace vault::daemon
