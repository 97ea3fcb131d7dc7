// SPDX-License-Identifier: Apache-2.0
// Implements item.history and item.restore.
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "daemon/api/item_calls.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/api/item.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;

// Holds what a history shows, taken from the index at one moment.
struct History {
  std::vector<Version> versions, heads;
  std::map<DeviceId, std::string> names;
};

HistoryVersion history_version(const History& history, const Version& version) {
  const auto same = [&version](const Version& head) { return head.id == version.id; };
  HistoryVersion out;
  out.version = to_text(version.id);
  out.operation = operation_of(version);
  out.modified = time_text(version.wall);
  out.device = hex(version.id.device);
  out.device_name = name_of(history.names, version.id.device);
  out.content_type = version.content_type;
  out.size = version.size;
  out.replaces = texts(version.replaces);
  out.winner = same(history.heads.front());
  out.head = std::any_of(history.heads.begin(), history.heads.end(), same);
  return out;
}

// Returns the versions after the cursor, which is the last version shown. Versions written meanwhile come before it.
Result<HistoryResult> page_of(History history, const std::optional<VersionId>& cursor, std::size_t most) {
  auto& versions = history.versions;
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return std::tie(b.clock, b.id) < std::tie(a.clock, a.id); });
  auto from = versions.begin();
  if (cursor) {
    from = std::ranges::find(versions, *cursor, &Version::id);
    if (from == versions.end()) return DaemonErrc::version_unknown;
    ++from;
  }
  HistoryResult out;
  for (; from != versions.end() && out.versions.size() < most; ++from)
    out.versions.push_back(history_version(history, *from));
  if (from != versions.end()) out.cursor = out.versions.back().version;
  return out;
}

asio::awaitable<Result<HistoryResult>> history(const App& app, HistoryParams p) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto cursor = version_of(p.cursor);
  if (!cursor) co_return cursor.error();
  const auto most = page_size(p.limit, limits::history_page);
  if (!most) co_return most.error();
  History found{(*vault)->index.history(p.name), (*vault)->index.heads(p.name), device_names(**vault)};
  if (found.heads.empty()) co_return DaemonErrc::item_not_found;
  auto tell = [found = std::move(found), from = *cursor, most = *most]() mutable {
    return page_of(std::move(found), from, most);
  };
  co_return co_await run_on((*app.device())->threads.reader, std::move(tell));
}

// Writes an old version again. If it was a remove, removes the item again.
asio::awaitable<Result<VersionResult>> restore(App& app, RestoreParams p, Call& call) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto version = any_version(**vault, p.name, p.version);
  if (!version) co_return version.error();
  auto write = co_await write_again(app, *vault, std::move(p.name), *version);
  if (!write) co_return write.error();
  co_return co_await write_single(app, std::move(*write), call);
}

}  // namespace

void register_history_methods(Registry& registry, App& app) {
  registry.on(methods::item_history, [&app](HistoryParams p) { return history(app, std::move(p)); });
  registry.on(methods::item_restore, [&app](RestoreParams p, Call& call) { return restore(app, std::move(p), call); });
}

}  // namespace vault::daemon
