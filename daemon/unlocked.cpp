#include "daemon/unlocked.hpp"

#include <algorithm>

namespace vault::daemon {

Unlocked::Unlocked(std::shared_ptr<const Keychain> keys, std::shared_ptr<const crypto::Identity> who, Ledger chains,
                   Index items)
    : keychain(std::move(keys)), identity(std::move(who)), ledger(std::move(chains)), index(std::move(items)) {
  const auto now = wall_time();
  for (const auto& [name, item] : index.items())
    for (const auto& version : item.versions()) clock.saw(version.clock, now);
  const auto& own = ledger[self()];
  planned_seq_ = own.head.seq;
  named_ = own.named;
}

crypto::SeenVector Unlocked::unseen() const {
  crypto::SeenVector seen;
  for (const auto& [device, chain] : ledger) {
    const auto named = named_.find(device);
    const bool known = named != named_.end() && named->second == chain.head;
    if (device != self() && chain.head.seq > 0 && !known) seen[device] = chain.head;
  }
  return seen;
}

void Unlocked::planned(const crypto::SeenVector& seen) {
  ++planned_seq_;
  for (const auto& [device, head] : seen) named_[device] = head;
}

std::vector<VersionId> Unlocked::planned_heads(const std::string& name) const {
  std::vector<VersionId> heads;
  if (const auto* item = index.find(name))
    for (const auto* version : item->heads()) heads.push_back(version->id);
  if (const auto at = planned_.find(name); at != planned_.end()) {
    for (const auto& version : at->second) {
      std::erase_if(heads, [&version](const auto& id) {
        return std::find(version.replaces.begin(), version.replaces.end(), id) != version.replaces.end();
      });
      heads.push_back(version.id);
    }
  }
  return heads;
}

bool Unlocked::will_exist(const std::string& name) const {
  const auto at = planned_.find(name);
  if (at != planned_.end()) return at->second.back().operation == crypto::Operation::put;
  const auto* item = index.find(name);
  return item != nullptr && item->exists();
}

void Unlocked::plan(const std::string& name, Version version) { planned_[name].push_back(std::move(version)); }

void Unlocked::written(const Head& head, std::uint64_t counter_end,
                       const std::vector<std::pair<std::string, Version>>& versions) {
  auto& own = ledger[self()];
  own.head = head;
  own.counter_end = counter_end;
  for (const auto& [name, version] : versions) {
    own.last_wall = std::max(own.last_wall, version.wall);
    if (const auto at = planned_.find(name); at != planned_.end()) {
      std::erase_if(at->second, [&id = version.id](const auto& planned) { return planned.id == id; });
      if (at->second.empty()) planned_.erase(at);
    }
    index.add(name, version);
  }
}

void Unlocked::plans_failed() {
  planned_.clear();
  planned_seq_ = own_chain().head.seq;
  named_ = own_chain().named;  // naming a head twice is allowed, leaving one out is not needed
}

void Unlocked::advance(const Ledger& chains) {
  for (const auto& [device, chain] : chains)
    if (device != self()) ledger[device] = chain;
}

void Unlocked::add(std::string_view name, Version version) {
  clock.saw(version.clock, wall_time());
  index.add(name, std::move(version));
}

}  // namespace vault::daemon
