// SPDX-License-Identifier: Apache-2.0
// Implements the commands for an item's past: history, restore.
#include <unistd.h>

#include <algorithm>

#include "ctl/commands.hpp"
#include "ctl/graph.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {
namespace {

std::string marks(const ipc::HistoryVersion& version) {
  if (version.winner) return version.head ? "current" : "";
  return version.head ? "head" : "";
}

// Says what a version did: "join" means that it replaced several heads.
std::string deed(const ipc::HistoryVersion& version) {
  if (version.operation == ipc::Operation::remove) return "remove";
  return version.replaces.size() > 1 ? "join" : "put";
}

}  // namespace

int history(Session& session, const std::string& name) {
  ipc::HistoryResult all;
  ipc::HistoryParams params{.name = name};
  do {
    auto reply = session.call(ipc::methods::item_history, params, "reading");
    if (!reply.result) return session.fail(reply.failure);
    std::move(reply.result->versions.begin(), reply.result->versions.end(), std::back_inserter(all.versions));
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  if (session.json()) return session.say_json(all);
  const auto lanes = is_terminal(STDOUT_FILENO) ? graph(all.versions) : std::vector<std::string>{};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < all.versions.size(); ++i) {
    const auto& version = all.versions[i];
    rows.push_back({version.version, version.modified, deed(version), std::to_string(version.size), marks(version),
                    shown(version.device_name)});
    if (!lanes.empty()) rows.back().insert(rows.back().begin(), lanes[i]);
  }
  return session.say(aligned(rows));
}

int restore(Session& session, const std::string& name, const std::string& version) {
  const auto reply = session.call(ipc::methods::item_restore, {.name = name, .version = version}, "restoring");
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

}  // namespace vault::ctl
