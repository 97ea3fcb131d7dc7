// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/item_calls.hpp"

#include "daemon/errc/errc.hpp"

namespace vault::daemon {

using namespace ipc;

Result<std::optional<VersionId>> version_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<VersionId>{};
  const auto id = crypto::version_id_from(*text);
  if (!id) return DaemonErrc::version_unknown;
  return id;
}

std::vector<std::string> texts(const std::vector<VersionId>& ids) {
  std::vector<std::string> out;
  for (const auto& id : ids) out.push_back(to_text(id));
  return out;
}

std::vector<std::string> texts(const std::vector<Version>& versions) {
  std::vector<std::string> out;
  for (const auto& version : versions) out.push_back(to_text(version.id));
  return out;
}

asio::awaitable<Result<ItemValue>> value_of(const App& app, std::shared_ptr<Unlocked> vault, Location at) {
  const auto device = *app.device();
  std::vector<Location> places{at};
  auto values = co_await read_values(device->threads, device->store, std::move(vault), std::move(places));
  co_return std::move(values.front());
}

void tell_heads(Call& call, const std::vector<std::string>& heads) {
  call.details["heads"] = Codec<std::vector<std::string>>::encode(heads);
}

asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes, Call& call) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  std::optional<Clash> clash;
  const auto ids = co_await write_items(*vault, device->writer, std::move(writes), clash);
  if (clash) tell_heads(call, texts(clash->heads));
  if (!ids) co_return ids.error();
  device->save_index();
  app.kick();
  co_return texts(*ids);
}

asio::awaitable<Result<VersionResult>> write_single(App& app, ItemWrite write, Call& call) {
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(write));
  auto ids = co_await write_all(app, std::move(writes), call);
  if (!ids) co_return ids.error();
  co_return VersionResult{std::move(ids->front())};
}

Result<Version> any_version(const Unlocked& vault, std::string_view name, const std::string& version) {
  const auto id = crypto::version_id_from(version);
  auto found = id ? vault.index.find(name, *id) : std::nullopt;
  if (!found) return DaemonErrc::version_unknown;
  return std::move(*found);
}

asio::awaitable<Result<ItemWrite>> write_again(const App& app, std::shared_ptr<Unlocked> vault, std::string name,
                                               Version version) {
  ItemWrite write{.operation = version.operation, .name = std::move(name)};
  if (version.operation == crypto::Operation::remove) co_return write;
  auto old = co_await value_of(app, std::move(vault), version.at);
  if (!old) co_return old.error();
  write.value = std::move(old->value);
  write.blob = std::move(old->blob);
  write.content_type = std::move(old->content_type);
  write.attributes = std::move(old->attributes);
  co_return write;
}

std::map<DeviceId, std::string> device_names(const Unlocked& vault) {
  std::map<DeviceId, std::string> out;
  for (const auto& device : vault.keychain->body().devices) out[device.id] = device.name;
  return out;
}

}  // namespace vault::daemon
