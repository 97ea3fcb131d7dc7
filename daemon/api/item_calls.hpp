// SPDX-License-Identifier: Apache-2.0
// What the handlers of item.* methods share.
#pragma once

#include "daemon/app/app.hpp"
#include "daemon/items/items.hpp"
#include "ipc/api.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

// A version as the API names it. Errors: version_unknown.
Result<std::optional<VersionId>> version_of(const std::optional<std::string>& text);

std::vector<std::string> texts(const std::vector<VersionId>& ids);
std::vector<std::string> texts(const std::vector<Version>& versions);

asio::awaitable<Result<ItemValue>> value_of(const App& app, std::shared_ptr<Unlocked> vault, Location at);

// Writes in one commit, tells the sync, and puts the heads of a clash into the error. The versions, in order.
asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes, ipc::Call& call);
asio::awaitable<Result<ipc::VersionResult>> write_single(App& app, ItemWrite write, ipc::Call& call);

// Puts the heads of an item into the error, for who expected others.
void tell_heads(ipc::Call& call, const std::vector<std::string>& heads);

// Any version of the item, a remove too. Errors: version_unknown.
Result<Version> any_version(const Unlocked& vault, std::string_view name, const std::string& version);

// The write that says again what a version said. Errors: those of a read.
asio::awaitable<Result<ItemWrite>> write_again(const App& app, std::shared_ptr<Unlocked> vault, std::string name,
                                               Version version);

// What tells a person who wrote a version.
std::map<DeviceId, std::string> device_names(const Unlocked& vault);
inline std::string name_of(const std::map<DeviceId, std::string>& names, const DeviceId& device) {
  const auto at = names.find(device);
  return at != names.end() ? at->second : std::string{};
}

inline ipc::Operation operation_of(const Version& version) {
  return version.operation == crypto::Operation::put ? ipc::Operation::put : ipc::Operation::remove;
}

}  // namespace vault::daemon
