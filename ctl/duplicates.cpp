// SPDX-License-Identifier: Apache-2.0
#include "ctl/duplicates.hpp"

#include "ctl/files.hpp"

namespace vault::ctl {

std::optional<ipc::Failure> Duplicates::take(ipc::PutParams& item, std::size_t line) {
  const auto [first, fresh] = lines_.emplace(item.name, line);
  if (fresh || how_ == OnDuplicate::last) return std::nullopt;
  if (how_ == OnDuplicate::refuse)
    return ipc::malformed(0, "the name came in line " + std::to_string(first->second) +
                                 " already: --on-duplicate rename or last says what to do");
  auto other = free_name(item.name);
  if (!other.result) return std::move(other.failure);
  renamed_.push_back({line, item.name, *other.result});
  if (!item.if_version) item.if_version = ipc::no_version;
  item.name = std::move(*other.result);
  lines_.emplace(item.name, line);
  return std::nullopt;
}

ipc::Reply<std::string> Duplicates::free_name(const std::string& name) {
  auto& number = numbers_.try_emplace(name, 1).first->second;
  for (;;) {
    auto candidate = name + " (" + std::to_string(++number) + ")";
    if (lines_.contains(candidate)) continue;
    ipc::ListParams params;
    params.prefix = candidate;
    params.limit = 1;
    auto found = session_.call(ipc::methods::item_list, params, "listing");
    if (!found.result) return refused<std::string>(std::move(found.failure));
    const auto& items = found.result->items;
    if (!items.empty() && items.front().name == candidate) continue;
    ipc::Reply<std::string> out;
    out.result = std::move(candidate);
    return out;
  }
}

}  // namespace vault::ctl
