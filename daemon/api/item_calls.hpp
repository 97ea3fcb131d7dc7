// SPDX-License-Identifier: Apache-2.0
// Shares what the handlers of item.* methods have in common.
#pragma once

#include "daemon/app/app.hpp"
#include "daemon/items/items.hpp"
#include "ipc/api/item.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

// Parses a version as the API names it. Errors: version_unknown.
Result<std::optional<VersionId>> version_of(const std::optional<std::string>& text);

std::vector<std::string> texts(const std::vector<VersionId>& ids);
std::vector<std::string> texts(const std::vector<Version>& versions);

asio::awaitable<Result<ItemValue>> value_of(const App& app, std::shared_ptr<Unlocked> vault, Location at);

// Writes in one commit, starts a sync, and puts the heads of a clash into the error. Returns the versions, in order.
asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes, ipc::Call& call);
asio::awaitable<Result<ipc::VersionResult>> write_single(App& app, ItemWrite write, ipc::Call& call);

// Puts the heads of an item into the error, for a caller that expected others.
void tell_heads(ipc::Call& call, const std::vector<std::string>& heads);

// Returns any version of the item, also a remove. Errors: version_unknown.
Result<Version> any_version(const Unlocked& vault, std::string_view name, const std::string& version);

// Returns the write that repeats a version. Errors: those of a read.
asio::awaitable<Result<ItemWrite>> write_again(const App& app, std::shared_ptr<Unlocked> vault, std::string name,
                                               Version version);

// Return what to call devices, so that a person knows who wrote a version.
std::map<DeviceId, std::string> device_names(const Unlocked& vault);
inline std::string name_of(const std::map<DeviceId, std::string>& names, const DeviceId& device) {
  const auto at = names.find(device);
  return at != names.end() ? at->second : std::string{};
}

inline ipc::Operation operation_of(const Version& version) {
  return version.operation == crypto::Operation::put ? ipc::Operation::put : ipc::Operation::remove;
}

}  // namespace vault::daemon
