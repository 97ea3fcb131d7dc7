// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/unlocked.hpp"

#include <algorithm>
#include "daemon/os/wall_time.hpp"

namespace vault::daemon {

Unlocked::Unlocked(std::shared_ptr<const Keychain> keys, std::shared_ptr<const crypto::Identity> who, Contents contents)
    : keychain(std::move(keys)),
      identity(std::move(who)),
      ledger(std::move(contents.ledger)),
      index(std::move(contents.index)),
      clock(contents.clock),
      saved_versions_(contents.saved_versions),
      last_serial_(contents.last_serial) {
  const auto& own = ledger[self()];
  planned_seq_ = own.head.seq;
  planned_generation_ = own.generation;
  durable_identity_ = identity;
  named_ = own.named;
}

void Unlocked::planned_epoch(std::shared_ptr<const crypto::Identity> next) {
  identity = std::move(next);
  planned_generation_ = keychain->head().generation;
}

void Unlocked::written_epoch(std::shared_ptr<const crypto::Identity> next, std::uint32_t generation, const Head& head,
                             std::uint64_t counter_end) {
  auto& own = ledger[self()];
  own.epoch = next->epoch;
  own.generation = generation;
  own.keys[own.epoch] = {head.seq, std::make_shared<const crypto::DeviceKey>(next->dk.opener())};
  durable_identity_ = std::move(next);
  written(head, counter_end);
}

crypto::SeenVector Unlocked::unseen() const {
  crypto::SeenVector seen;
  for (const auto& [device, chain] : ledger) {
    const auto named = named_.find(device);
    const bool known = named != named_.end() && named->second.seq >= chain.head.seq;  // above: beyond a cut made since
    if (device != self() && chain.head.seq > 0 && !known) seen[device] = chain.head;
  }
  return seen;
}

Head Unlocked::named(const DeviceId& device) const {
  const auto at = named_.find(device);
  return at != named_.end() ? at->second : Head{};
}

crypto::SeenVector Unlocked::all_seen() const {
  auto seen = named_;
  for (const auto& [device, head] : unseen()) seen[device] = head;
  return seen;
}

void Unlocked::planned(const crypto::SeenVector& seen) {
  ++planned_seq_;
  for (const auto& [device, head] : seen) named_[device] = head;
  naming_.emplace_back(planned_seq_, seen);
}

// Turns the heads in the index into those that the queued writes leave.
void Unlocked::replace_planned(const std::string& name, std::vector<VersionId>& heads) const {
  const auto at = planned_.find(name);
  if (at == planned_.end()) return;
  for (const auto& [version, attributes] : at->second) {
    std::erase_if(heads, [&version](const auto& id) {
      return std::find(version.replaces.begin(), version.replaces.end(), id) != version.replaces.end();
    });
    heads.push_back(version.id);
  }
}

std::vector<VersionId> Unlocked::planned_heads(const std::string& name) const {
  std::vector<VersionId> heads;
  for (const auto& version : index.heads(name)) heads.push_back(version.id);
  replace_planned(name, heads);
  return heads;
}

bool Unlocked::has_heads(const std::string& name, const std::vector<VersionId>& ascending) const {
  auto heads = planned_heads(name);
  std::ranges::sort(heads);
  return heads == ascending;
}

bool Unlocked::will_exist(const std::string& name) const {
  const auto at = planned_.find(name);
  if (at != planned_.end()) return at->second.back().version.operation == crypto::Operation::put;
  const auto heads = index.heads(name);
  return !heads.empty() && heads.front().operation == crypto::Operation::put;
}

void Unlocked::plan(const std::string& name, Version version, Attributes attributes) {
  planned_[name].push_back({std::move(version), std::move(attributes)});
}

Unlocked::Replaced Unlocked::replaced(const std::string& name) const {
  Replaced out;
  auto heads = index.heads(name);
  for (const auto& version : heads) out.heads.push_back(version.id);
  replace_planned(name, out.heads);
  if (const auto at = planned_.find(name); at != planned_.end()) {
    out.winner = at->second.back().version;
    out.attributes = at->second.back().attributes;
  } else if (!heads.empty()) {
    out.winner = std::move(heads.front());
  }
  if (out.winner && out.winner->operation == crypto::Operation::remove) out.winner.reset();
  return out;
}

void Unlocked::written(const std::string& name, const Version& version) {
  auto& own = ledger[self()];
  own.last_wall = std::max(own.last_wall, version.wall);
  if (const auto at = planned_.find(name); at != planned_.end()) {
    std::erase_if(at->second, [&id = version.id](const auto& planned) { return planned.version.id == id; });
    if (at->second.empty()) planned_.erase(at);
  }
  index.add(name, version);
}

void Unlocked::written(const Head& head, std::uint64_t counter_end) {
  auto& own = ledger[self()];
  own.head = head;
  own.counter_end = counter_end;
  for (; !naming_.empty() && naming_.front().first <= head.seq; naming_.pop_front())
    for (const auto& [device, named] : naming_.front().second) own.named[device] = named;
}

void Unlocked::plans_failed() {
  planned_.clear();
  naming_.clear();
  planned_seq_ = own_chain().head.seq;
  planned_generation_ = own_chain().generation;
  identity = durable_identity_;
  named_ = own_chain().named;  // naming a head twice is allowed, and none is left out
}

void Unlocked::advance(const Ledger& chains) {
  for (const auto& [device, chain] : chains)
    if (device != self()) ledger[device] = chain;
}

SnapshotPlan Unlocked::plan_snapshot() const {
  return daemon::plan_snapshot(index, ledger, clock.last(), last_serial_, keychain, self());
}

void Unlocked::saved(const SnapshotPlan& plan, std::uint64_t versions) {
  index.stored(plan.slots);
  last_serial_ = plan.last_serial;
  saved_versions_ = versions;
}

void Unlocked::add(std::string_view name, Version version) {
  clock.saw(version.clock, wall_time());
  index.add(name, std::move(version));
}

}  // namespace vault::daemon
