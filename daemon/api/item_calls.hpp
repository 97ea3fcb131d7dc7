// SPDX-License-Identifier: Apache-2.0
// Shares what the handlers of item.* methods have in common.
#pragma once

#include "base/input_errc.hpp"
#include "daemon/app/app.hpp"
#include "daemon/items/items.hpp"
#include "ipc/api/item.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

// Parses a version as the API names it. Errors: version_unknown.
Result<std::optional<VersionId>> version_of(const std::optional<std::string>& text);

// Returns how many a page holds: `limit`, and never more than `most`. Errors: page_empty for 0.
inline Result<std::uint64_t> page_size(const std::optional<std::uint64_t>& limit, std::uint64_t most) {
  if (limit == 0u) return InputErrc::page_empty;
  return std::min(limit.value_or(most), most);
}

std::vector<std::string> texts(const std::vector<VersionId>& ids);
std::vector<std::string> texts(const std::vector<Version>& versions);

asio::awaitable<Result<ItemValue>> value_of(const App& app, std::shared_ptr<Unlocked> vault, Location at);

// Takes from the params of a put all but the value. Errors: attributes_form_bad, version_unknown.
template <class Params>
Result<void> take_details(Params& p, ItemWrite& write) {
  if (p.attributes && p.attributes_patch) return InputErrc::attributes_form_bad;
  write.if_absent = p.if_version == ipc::no_version;
  const auto version = write.if_absent ? std::optional<VersionId>{} : version_of(p.if_version);
  if (!version) return version.error();
  write.if_version = *version;
  write.keeps = {.content_type = !p.content_type, .attributes = !p.attributes};
  if (p.attributes_patch)
    for (auto& [key, value] : *p.attributes_patch) write.keeps.patch.emplace(key, std::move(value));
  write.content_type = std::move(p.content_type).value_or("");
  write.attributes = std::move(p.attributes).value_or(ipc::Attributes{});
  write.name = std::move(p.name);
  return {};
}

// Writes in one commit, in the order of the calls, and starts a sync. Fills in what the writes keep. Returns the
// versions, in order. Errors: those of write_items(), with `refusal`, and of keep_of_replaced().
asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes,
                                                            std::optional<Refusal>& refusal);
// Checks what write_all() would check, and writes nothing.
asio::awaitable<Result<void>> check_all(App& app, std::vector<ItemWrite> writes, std::optional<Refusal>& refusal);
// Writes one, and puts the heads of its item into the error if it expected others.
asio::awaitable<Result<ipc::VersionResult>> write_single(App& app, ItemWrite write, ipc::Call& call);

// Put into the error the heads of an item, for a caller that expected others, and which of several writes is refused.
void tell_heads(ipc::Call& call, const std::vector<std::string>& heads);
void tell_heads(ipc::Call& call, const std::optional<Refusal>& refusal);
void tell_item(ipc::Call& call, const std::optional<Refusal>& refusal);

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
