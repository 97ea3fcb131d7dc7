// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/merge.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "daemon/items/ancestry.hpp"
#include "daemon/items/json_merge.hpp"

namespace vault::daemon {
namespace {

using Clashes = std::vector<std::string>;
using ipc::JsonText;

bool equal(const Secret& a, const Secret& b) { return std::ranges::equal(a.view(), b.view()); }

bool equal(const ItemValue& a, const ItemValue& b) {
  return a.content_type == b.content_type && a.attributes == b.attributes && equal(a.value, b.value);
}

ItemValue copy_of(const ItemValue& from) {
  return {Secret::copy_of(from.value.view()), nullptr, from.content_type, from.attributes};
}

// Returns a part that is taken whole, from the side that changed it. Adds a clash if both did.
template <class T>
const T& pick(const T* base, const T& ours, const T& theirs, const std::string& place, Clashes& clashes) {
  if (ours == theirs || (base != nullptr && *base == theirs)) return ours;
  if (base == nullptr || *base != ours) clashes.push_back(place);
  return theirs;
}

std::optional<std::string> attribute(const ItemValue* of, const std::string& key) {
  if (of == nullptr) return std::nullopt;
  const auto at = of->attributes.find(key);
  return at != of->attributes.end() ? std::optional{at->second} : std::nullopt;
}

using Attributes = std::map<std::string, std::string>;

Attributes merge_attributes(const ItemValue* base, const ItemValue& ours, const ItemValue& theirs, Clashes& clashes) {
  std::set<std::string> keys;
  for (const auto* side : {&ours, &theirs})
    for (const auto& [key, value] : side->attributes) keys.insert(key);
  Attributes out;
  for (const auto& key : keys) {
    const auto before = attribute(base, key);
    const auto value = pick(&before, attribute(&ours, key), attribute(&theirs, key), "attributes/" + key, clashes);
    if (value) out.emplace(key, *value);
  }
  if (out.size() > limits::attributes) clashes.emplace_back("attributes");
  return out;
}

// Merges two JSON values. The space around the value is taken from `ours`.
std::optional<Secret> merge_as_json(const Secret* base, const Secret& ours, const Secret& theirs, Clashes& clashes) {
  const auto before = base != nullptr ? ipc::read_json_text(base->text()) : std::nullopt;
  const auto one = ipc::read_json_text(ours.text()), other = ipc::read_json_text(theirs.text());
  if (!one || !other || (base != nullptr && !before)) {
    clashes.emplace_back("value");
    return std::nullopt;
  }
  auto root = merge_json(before ? &*before : nullptr, *one, *other, "value", clashes);
  if (!root) return std::nullopt;
  const auto begin = static_cast<std::size_t>(one->text.data() - ours.text().data());
  Secret out = Secret::copy_of(ours.text().substr(0, begin));
  out.append(root->view());
  out.append(bytes_of(ours.text().substr(begin + one->text.size())));
  return out;
}

Secret merge_value(const Secret* base, const Secret& ours, const Secret& theirs, bool json, Clashes& clashes) {
  if (equal(ours, theirs) || (base != nullptr && equal(*base, theirs))) return Secret::copy_of(ours.view());
  if (base != nullptr && equal(*base, ours)) return Secret::copy_of(theirs.view());
  if (!json) {
    clashes.emplace_back("value");
    return {};
  }
  auto out = merge_as_json(base, ours, theirs, clashes);
  if (out && out->size() > limits::value_bytes) clashes.emplace_back("value");
  return out ? std::move(*out) : Secret{};
}

ItemValue merge_two(const ItemValue* base, const ItemValue& ours, const ItemValue& theirs, Clashes& clashes) {
  ItemValue out;
  out.content_type = pick(base != nullptr ? &base->content_type : nullptr, ours.content_type, theirs.content_type,
                          "content_type", clashes);
  out.attributes = merge_attributes(base, ours, theirs, clashes);
  out.value = merge_value(base != nullptr ? &base->value : nullptr, ours.value, theirs.value,
                          is_json_type(out.content_type), clashes);
  return out;
}

// Merges over the common ancestors. If several give different results, none is right: a person must decide.
std::optional<ItemValue> merge_over(const std::vector<VersionId>& ancestors, const ItemValue& ours,
                                    const ItemValue& theirs, const OpenedVersions& opened, Clashes& clashes) {
  if (equal(ours, theirs)) return copy_of(ours);
  const bool known = std::ranges::all_of(ancestors, [&opened](const auto& id) { return opened.contains(id); });
  if (!known || ancestors.size() > limits::merged_ancestors) {
    clashes.emplace_back("ancestor");
    return std::nullopt;
  }
  if (ancestors.empty()) return merge_two(nullptr, ours, theirs, clashes);
  std::optional<ItemValue> out;
  for (const auto& ancestor : ancestors) {
    auto one = merge_two(opened.at(ancestor), ours, theirs, clashes);
    if (out && !equal(*out, one)) clashes.emplace_back("ancestor");
    out = std::move(one);
  }
  return out;
}

}  // namespace

MergeSteps merge_steps(std::vector<Version> heads, const std::vector<Version>& history) {
  MergeSteps out;
  const Ancestry ancestry{history};
  std::vector<VersionId> before;
  for (const auto& head : heads) {
    if (!before.empty()) out.ancestors.push_back(ancestry.nearest(head.id, before));
    before.push_back(head.id);
    if (before.size() > limits::merged_heads) break;
  }
  out.heads = std::move(heads);
  return out;
}

Merged merge_heads(const MergeSteps& steps, const OpenedVersions& opened) {
  const auto& heads = steps.heads;
  const auto is_remove = [](const Version& head) { return head.operation == crypto::Operation::remove; };
  const auto is_opened = [&opened](const Version& head) { return opened.contains(head.id); };
  if (std::ranges::all_of(heads, is_remove)) return {};
  if (std::ranges::any_of(heads, is_remove)) return {{}, {"removed"}};
  if (heads.size() > limits::merged_heads) return {{}, {"heads"}};
  if (!std::ranges::all_of(heads, is_opened)) return {{}, {"value"}};
  Merged out{copy_of(*opened.at(heads.front().id)), {}};
  for (std::size_t i = 1; i < heads.size() && out.clashes.empty(); ++i)
    out.value = merge_over(steps.ancestors[i - 1], *out.value, *opened.at(heads[i].id), opened, out.clashes);
  std::ranges::sort(out.clashes);
  out.clashes.erase(std::unique(out.clashes.begin(), out.clashes.end()),
                    out.clashes.end());  // clang 14 has no ranges::unique
  return out;
}

std::optional<DeviceId> merging_device(const std::vector<Version>& heads,
                                       const std::vector<crypto::KeyringDevice>& devices) {
  std::set<DeviceId> active;
  for (const auto& device : devices)
    if (device.active) active.insert(device.id);
  for (const auto& head : heads)
    if (active.contains(head.id.device)) return head.id.device;
  return active.empty() ? std::nullopt : std::optional{*active.begin()};
}

}  // namespace vault::daemon
