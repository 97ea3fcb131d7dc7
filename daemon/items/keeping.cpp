// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/keeping.hpp"

#include <algorithm>

namespace vault::daemon {
namespace {

using Attributes = Unlocked::Attributes;
using Known = std::map<VersionId, Attributes>;  // read from records

constexpr std::size_t read_at_a_time = 64;  // each with a value of up to 64 KiB, which is not needed

using Found = std::vector<Unlocked::Replaced>;  // what each write replaces, if it keeps something of it

Found find(const Unlocked& vault, const std::vector<ItemWrite>& writes) {
  Found out;
  for (const auto& write : writes) {
    const bool keeps = write.keeps.content_type || write.keeps.attributes;
    out.push_back(keeps ? vault.replaced(write.name) : Unlocked::Replaced{});
  }
  return out;
}

// Returns the versions whose attributes are kept and still to be read, those of a commit side by side.
std::vector<Version> to_read(const Found& found, const std::vector<ItemWrite>& writes, const Known& known) {
  std::vector<Version> out;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (!writes[i].keeps.attributes || !found[i].winner || found[i].attributes) continue;
    if (!known.contains(found[i].winner->id)) out.push_back(*found[i].winner);
  }
  std::ranges::sort(out, {}, [](const Version& v) { return std::tuple{v.at.device, v.at.seq, v.at.record}; });
  return out;
}

asio::awaitable<Result<void>> read_some(std::shared_ptr<LocalVault> device, std::span<const Version> versions,
                                        Known& known) {
  std::vector<Location> places;
  for (const auto& version : versions) places.push_back(version.at);
  auto values = co_await read_values(device->threads, device->store, device->unlocked, std::move(places));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i] && class_of(values[i].error()) != Errc::storage) co_return values[i].error();
    known[versions[i].id] = values[i] ? std::move(values[i]->attributes) : Attributes{};  // nobody can read those
  }
  co_return Result<void>{};
}

void fill_in(ItemWrite& write, Unlocked::Replaced replaced, const Known& known) {
  auto& keeps = write.keeps;
  if (keeps.content_type || keeps.attributes) write.replaces = std::move(replaced.heads);
  if (keeps.content_type && replaced.winner) write.content_type = std::move(replaced.winner->content_type);
  if (!keeps.attributes) return;
  if (replaced.attributes) write.attributes = std::move(*replaced.attributes);
  else if (replaced.winner) write.attributes = known.at(replaced.winner->id);
  for (auto& [key, value] : keeps.patch) {
    if (value) write.attributes.insert_or_assign(key, std::move(*value));
    else write.attributes.erase(key);
  }
}

}  // namespace

asio::awaitable<Result<void>> keep_of_replaced(std::shared_ptr<LocalVault> device, std::vector<ItemWrite>& writes) {
  Known known;
  for (;;) {
    if (!device->unlocked) co_return Errc::locked;
    auto found = find(*device->unlocked, writes);
    const auto missing = to_read(found, writes, known);
    if (missing.empty()) {
      for (std::size_t i = 0; i < writes.size(); ++i) fill_in(writes[i], std::move(found[i]), known);
      co_return Result<void>{};
    }
    for (std::size_t done = 0; done < missing.size(); done += read_at_a_time) {
      if (!device->unlocked) co_return Errc::locked;
      const auto some = std::span{missing}.subspan(done, std::min(read_at_a_time, missing.size() - done));
      const auto read = co_await read_some(device, some, known);
      if (!read) co_return read.error();
    }
  }
}

}  // namespace vault::daemon
