// SPDX-License-Identifier: Apache-2.0
// Implements item.conflicts and item.resolve, for heads that did not know of each other.
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "daemon/api/item_calls.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/items/auto_merge.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/api/item.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;

constexpr std::size_t most_heads = 4096;  // in one answer, which then takes a megabyte

ConflictHead conflict_head(const Version& head, const std::map<DeviceId, std::string>& names) {
  return {.version = to_text(head.id),
          .operation = operation_of(head),
          .modified = time_text(head.wall),
          .device = hex(head.id.device),
          .device_name = name_of(names, head.id.device),
          .content_type = head.content_type,
          .size = head.size};
}

ConflictItem conflict_item(std::string name, const MergeTry& tried, const std::map<DeviceId, std::string>& names) {
  ConflictItem out{.name = std::move(name)};
  for (const auto& head : tried.heads) out.heads.push_back(conflict_head(head, names));
  if (tried.ancestors.size() == 1) out.ancestor = to_text(tried.ancestors.front());
  out.merges = tried.merged.clashes.empty();
  out.clashes = tried.merged.clashes;
  return out;
}

// Holds the names of a page, and its last name if there are more.
struct Names {
  std::vector<std::string> names;
  std::optional<std::string> cursor;
};

Result<Names> names_of(const Index& index, const ConflictsParams& p) {
  if (p.name) {
    const auto heads = index.heads(*p.name);
    if (heads.empty()) return DaemonErrc::item_not_found;
    return heads.size() > 1 ? Names{{*p.name}, {}} : Names{};
  }
  const auto most = page_size(p.limit, limits::conflicts_page);
  if (!most) return most.error();
  const auto& all = index.conflicts();
  Names out;
  auto at = p.cursor ? all.upper_bound(*p.cursor) : all.begin();
  for (; at != all.end() && out.names.size() < *most; ++at) out.names.push_back(*at);
  if (at != all.end()) out.cursor = out.names.back();
  return out;
}

asio::awaitable<Result<ConflictsResult>> conflicts(const App& app, ConflictsParams p) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto page = names_of((*vault)->index, p);
  if (!page) co_return page.error();
  const auto names = device_names(**vault);
  const auto device = *app.device();
  ConflictsResult out{{}, page->cursor};
  std::size_t heads = 0;
  for (const auto& name : page->names) {
    const auto tried = co_await try_merge(device->threads, device->store, *vault, name);
    if (tried.heads.size() > 1) out.items.push_back(conflict_item(name, tried, names));
    heads += tried.heads.size();
    if (heads < most_heads || name == page->names.back()) continue;
    out.cursor = name;
    break;
  }
  co_return out;
}

// Returns the write that merges the heads.
asio::awaitable<Result<ItemWrite>> merge_of(const App& app, std::shared_ptr<Unlocked> vault, std::string name,
                                            Call& call) {
  const auto device = *app.device();
  auto tried = co_await try_merge(device->threads, device->store, vault, name);
  if (!tried.merged.clashes.empty()) {
    tell_heads(call, texts(tried.heads));
    call.details["clashes"] = Codec<std::vector<std::string>>::encode(tried.merged.clashes);
    co_return DaemonErrc::merge_clash;
  }
  co_return write_of(std::move(name), std::move(tried));
}

asio::awaitable<Result<ItemWrite>> choice_of(const App& app, std::shared_ptr<Unlocked> vault, std::string name,
                                             std::string version) {
  const auto chosen = any_version(*vault, name, version);
  if (!chosen) co_return chosen.error();
  auto write = co_await write_again(app, vault, name, *chosen);
  if (!write) co_return write.error();
  auto heads = vault->planned_heads(name);
  std::ranges::sort(heads);
  write->if_heads = std::move(heads);
  co_return std::move(*write);
}

Result<std::optional<std::vector<VersionId>>> expected_heads(const ResolveParams& p) {
  std::optional<std::vector<VersionId>> out;
  if (!p.if_heads) return out;
  out.emplace();
  for (const auto& text : *p.if_heads) {
    const auto id = crypto::version_id_from(text);
    if (!id) return DaemonErrc::version_unknown;
    out->push_back(*id);
  }
  std::ranges::sort(*out);
  return out;
}

asio::awaitable<Result<VersionResult>> resolve(App& app, ResolveParams p, Call& call) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const bool merge = p.merge.value_or(false);
  if (merge == p.version.has_value()) co_return DaemonErrc::resolve_form_bad;
  auto expected = expected_heads(p);
  if (!expected) co_return expected.error();
  const auto heads = (*vault)->planned_heads(p.name);
  if (heads.empty()) co_return DaemonErrc::item_not_found;
  if (*expected && !(*vault)->has_heads(p.name, **expected)) {
    tell_heads(call, texts(heads));
    co_return Errc::conflict;
  }
  if (heads.size() == 1 && (merge || p.version == to_text(heads.front())))
    co_return VersionResult{to_text(heads.front())};

  Result<ItemWrite> write = Errc::internal;
  if (merge) write = co_await merge_of(app, *vault, p.name, call);
  else write = co_await choice_of(app, *vault, p.name, *p.version);
  if (!write) co_return write.error();
  if (*expected && !merge) write->if_heads = std::move(*expected);
  co_return co_await write_single(app, std::move(*write), call);
}

}  // namespace

void register_conflict_methods(Registry& registry, App& app) {
  registry.on(methods::item_conflicts, [&app](ConflictsParams p) { return conflicts(app, std::move(p)); });
  registry.on(methods::item_resolve, [&app](ResolveParams p, Call& call) { return resolve(app, std::move(p), call); });
}

}  // namespace vault::daemon
