#include "daemon/index.hpp"

#include <algorithm>

namespace vault::daemon {

Version Version::of(const crypto::RecordView& record, Location at) {
  return {.id = record.id,
          .at = at,
          .operation = record.operation,
          .clock = record.clock,
          .wall = record.wall_ms,
          .size = record.length(),
          .content_type = std::string{record.content_type},
          .replaces = record.replaces};
}

std::vector<Version>::iterator Item::place_of(const VersionId& id) {
  return std::lower_bound(versions_.begin(), versions_.end(), id,
                          [](const auto& v, const auto& i) { return v.id < i; });
}

const Version* Item::find(const VersionId& id) const {
  const auto at = const_cast<Item*>(this)->place_of(id);
  return at != versions_.end() && at->id == id ? &*at : nullptr;
}

void Item::add(Version version) {
  if (find(version.id) != nullptr) return;
  for (const auto& id : version.replaces) {
    if (const auto old = place_of(id); old != versions_.end() && old->id == id) old->replaced = true;
    else replaced_.insert(id);
    std::erase(heads_, id);
  }
  version.replaced = replaced_.erase(version.id) > 0;
  if (!version.replaced) heads_.push_back(version.id);
  versions_.insert(place_of(version.id), std::move(version));
}

std::vector<const Version*> Item::heads() const {
  std::vector<const Version*> heads;
  for (const auto& id : heads_) heads.push_back(find(id));
  std::sort(heads.begin(), heads.end(), [](const auto* a, const auto* b) {
    return crypto::wins_over({a->operation, a->clock, a->id}, {b->operation, b->clock, b->id});
  });
  return heads;
}

const Version* Item::winner() const {
  if (heads_.size() == 1) return find(heads_.front());
  const auto all = heads();
  return all.empty() ? nullptr : all.front();
}

bool Item::exists() const {
  const auto* version = winner();
  return version != nullptr && version->operation == crypto::Operation::put;
}

void Index::add(std::string_view name, Version version) {
  auto at = items_.find(name);
  if (at == items_.end()) at = items_.emplace(std::string{name}, Item{}).first;
  auto& item = at->second;
  const bool existed = item.exists(), conflicted = item.in_conflict();
  item.add(std::move(version));
  existing_ += item.exists() ? 1u : 0u;
  existing_ -= existed ? 1u : 0u;
  conflicts_ += item.in_conflict() ? 1u : 0u;
  conflicts_ -= conflicted ? 1u : 0u;
}

const Item* Index::find(std::string_view name) const {
  const auto at = items_.find(name);
  return at != items_.end() ? &at->second : nullptr;
}

}  // namespace vault::daemon
