// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/item_calls.hpp"

#include "daemon/errc/errc.hpp"
#include "daemon/items/keeping.hpp"

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

void tell_heads(Call& call, const std::optional<Refusal>& refusal) {
  if (refusal && refusal->heads) tell_heads(call, texts(*refusal->heads));
}

void tell_item(Call& call, const std::optional<Refusal>& refusal) {
  if (!refusal) return;
  call.details["item"] = refusal->index;
  call.details["name"] = Codec<std::string>::encode(refusal->name);
}

namespace {

std::vector<std::string> names_of(const std::vector<ItemWrite>& writes) {
  std::vector<std::string> out;
  for (const auto& write : writes) out.push_back(write.name);
  return out;
}

}  // namespace

asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes,
                                                            std::optional<Refusal>& refusal) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  const auto device = *app.device();
  WriteQueue::Place place{device->queue, device->executor, names_of(writes)};
  co_await place.come();
  const auto kept = co_await keep_of_replaced(device, writes);
  if (!kept) co_return kept.error();
  place.end();  // write_items() plans the commit before anybody else goes on
  const auto ids = co_await write_items(device->unlocked, device->writer, std::move(writes), refusal);
  if (!ids) co_return ids.error();
  device->save_index();
  app.kick();
  co_return texts(*ids);
}

asio::awaitable<Result<void>> check_all(App& app, std::vector<ItemWrite> writes, std::optional<Refusal>& refusal) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  const auto device = *app.device();
  const auto kept = co_await keep_of_replaced(device, writes);
  if (!kept) co_return kept.error();
  co_return check_items(*device->unlocked, writes, refusal);
}

asio::awaitable<Result<VersionResult>> write_single(App& app, ItemWrite write, Call& call) {
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(write));
  std::optional<Refusal> refusal;
  auto ids = co_await write_all(app, std::move(writes), refusal);
  tell_heads(call, refusal);
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
