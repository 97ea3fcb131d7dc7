// SPDX-License-Identifier: Apache-2.0
#include "daemon/index/snapshot.hpp"

#include <algorithm>

#include "crypto/local.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/profile.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr std::uint16_t root_purpose = 2, page_purpose = 3;  // of local state: store/SCHEMA.md
constexpr std::uint8_t root_format = 1;                      // of the root and of the pages

crypto::LocalPlace place_of(const Keychain& keychain, const DeviceId& device, std::uint16_t purpose,
                            std::uint64_t serial) {
  const auto& head = keychain.head();
  return {head.suite, head.vault, device, head.generation, purpose, serial};
}

// -- The root

void put_head(ByteWriter& out, const DeviceId& device, const Head& head) {
  out.fixed(device).u64(head.seq).fixed(head.hash);
}

void put_chain(ByteWriter& out, const DeviceId& device, const ChainState& chain) {
  put_head(out, device, chain.head);
  out.u32(chain.epoch).u32(chain.generation).u32(chain.keyring_version).u64(chain.counter_end).u64(chain.last_wall);
  out.u16(static_cast<std::uint16_t>(chain.named.size()));
  for (const auto& [other, head] : chain.named) put_head(out, other, head);
  out.u32(static_cast<std::uint32_t>(chain.keys.size()));
  for (const auto& [epoch, key] : chain.keys) out.u32(epoch).u64(key.seq);  // the key itself is in that commit
}

std::pair<DeviceId, Head> get_head(ByteReader& in) {
  const auto device = in.fixed<DeviceId>();
  const auto seq = in.u64();
  return {device, Head{seq, in.fixed<Hash>()}};
}

std::pair<DeviceId, ChainState> get_chain(ByteReader& in) {
  ChainState chain;
  DeviceId device;
  std::tie(device, chain.head) = get_head(in);
  chain.epoch = in.u32();
  chain.generation = in.u32();
  chain.keyring_version = in.u32();
  chain.counter_end = in.u64();
  chain.last_wall = in.u64();
  for (auto left = in.u16(); left > 0 && in.ok(); --left) chain.named.insert(get_head(in));
  for (auto left = in.u32(); left > 0 && in.ok(); --left) {
    const auto epoch = in.u32();
    chain.keys[epoch].seq = in.u64();
  }
  return {device, std::move(chain)};
}

struct Root {
  Ledger ledger;
  DeviceNumbers devices;
  IndexCounts counts;
  std::uint64_t clock = 0;
  std::vector<std::uint64_t> serials;
};

Bytes encode_root(const Ledger& ledger, const Index& index, std::uint64_t clock,
                  const std::vector<Index::Slot>& slots) {
  const auto& counts = index.counts();
  ByteWriter out;
  out.u8(root_format).u64(clock);
  out.u64(counts.items).u64(counts.conflicts).u64(counts.names).u64(counts.versions);
  out.u16(static_cast<std::uint16_t>(ledger.size()));
  for (const auto& [device, chain] : ledger) put_chain(out, device, chain);
  out.u16(static_cast<std::uint16_t>(index.devices().all().size()));
  for (const auto& device : index.devices().all()) out.fixed(device);
  out.u32(static_cast<std::uint32_t>(slots.size()));
  for (const auto& slot : slots) out.u64(slot.serial);
  return out.take();
}

std::optional<Root> decode_root(BytesView bytes) {
  ByteReader in{bytes};
  Root root;
  if (in.u8() != root_format) return std::nullopt;
  root.clock = in.u64();
  root.counts.items = in.u64();
  root.counts.conflicts = in.u64();
  root.counts.names = in.u64();
  root.counts.versions = in.u64();
  for (auto left = in.u16(); left > 0 && in.ok(); --left) root.ledger.insert(get_chain(in));
  for (auto left = in.u16(); left > 0 && in.ok(); --left) root.devices.number_of(in.fixed<DeviceId>());
  for (auto left = in.u32(); left > 0 && in.ok(); --left) root.serials.push_back(in.u64());
  if (!in.done()) return std::nullopt;
  return root;
}

// -- Loading

std::optional<Secret> open_place(const Keychain& keychain, const crypto::LocalPlace& expected, const Sealed& sealed) {
  const auto* key = keychain.vault_key(crypto::local_generation(sealed.view()));
  if (key == nullptr) return std::nullopt;
  auto opened = crypto::open_local(key->local(expected.vault), sealed.view());
  if (!opened) return std::nullopt;
  auto place = opened->place;
  place.generation = expected.generation;  // an older generation is as good
  if (!(place == expected)) return std::nullopt;
  return std::move(opened->content);
}

// True if the chains can be read on from where the root stands. A cut below that prevents it: what was applied beyond
// the cut must go.
bool fits(const Ledger& ledger, const Keychain& keychain, const std::map<DeviceId, Head>& heads) {
  return std::all_of(ledger.begin(), ledger.end(), [&](const auto& row) {
    const auto& [device, chain] = row;
    const auto* entry = keychain.device(device);
    if (entry == nullptr || (!entry->active && chain.head.seq > entry->revoked_seq)) return false;
    if (chain.head.seq == 0) return true;
    const auto head = heads.find(device);
    return head != heads.end() && (head->second.seq > chain.head.seq || head->second == chain.head);
  });
}

bool read_epoch_keys(const store::ReadTxn& tx, const Keychain& keychain, const DeviceId& device, ChainState& chain) {
  for (auto& [epoch, key] : chain.keys) {
    const auto commit = tx.get(store::chains, {device, key.seq});
    if (!commit) return false;
    auto read = read_epoch_key(keychain, commit->view(), device, epoch);
    if (!read || read->seq != key.seq) return false;
    key = std::move(*read);
  }
  return true;
}

std::optional<std::vector<Index::Slot>> read_pages(const store::ReadTxn& tx, const Keychain& keychain,
                                                   const DeviceId& device, const Root& root) {
  std::vector<Index::Slot> slots;
  for (const auto serial : root.serials) {
    const auto sealed = tx.get(store::index_pages, serial);
    if (!sealed) return std::nullopt;
    const auto content = open_place(keychain, place_of(keychain, device, page_purpose, serial), *sealed);
    if (!content) return std::nullopt;
    auto page = IndexPage::parse(content->view(), root.devices);
    if (!page) return std::nullopt;
    slots.push_back({std::move(*page), serial});
  }
  return slots;
}

std::optional<Contents> read_checkpoint(const store::ReadTxn& tx, const Keychain& keychain, const DeviceId& device,
                                        const std::map<DeviceId, Head>& heads) {
  const auto sealed = tx.get(store::local, "index");
  if (!sealed) return std::nullopt;
  const auto content = open_place(keychain, place_of(keychain, device, root_purpose, 0), *sealed);
  if (!content) return std::nullopt;
  auto root = decode_root(content->view());
  if (!root || !fits(root->ledger, keychain, heads)) return std::nullopt;
  for (auto& [id, chain] : root->ledger)
    if (!read_epoch_keys(tx, keychain, id, chain)) return std::nullopt;
  auto slots = read_pages(tx, keychain, device, *root);
  if (!slots) return std::nullopt;
  auto index = Index::restore(std::move(root->devices), std::move(*slots), root->counts);
  if (!index) return std::nullopt;
  Contents out{.ledger = std::move(root->ledger), .index = std::move(*index)};
  out.clock.saw(root->clock, wall_time());
  return out;
}

}  // namespace

SnapshotPlan plan_snapshot(const Index& index, const Ledger& ledger, std::uint64_t clock, std::uint64_t last_serial,
                           std::shared_ptr<const Keychain> keychain, const DeviceId& device) {
  SnapshotPlan plan{std::move(keychain), device, index.slots(), last_serial, last_serial, {}};
  for (auto& slot : plan.slots)
    if (slot.serial == 0) slot.serial = ++plan.last_serial;  // a new serial is never one that another page had
  plan.root = encode_root(ledger, index, clock, plan.slots);
  return plan;
}

std::optional<SealedSnapshot> seal_snapshot(const SnapshotPlan& plan) {
  const auto key = plan.keychain->newest_vault_key().local(plan.keychain->head().vault);
  const auto seal = [&](std::uint16_t purpose, std::uint64_t serial, BytesView content) {
    return crypto::seal_local(key, place_of(*plan.keychain, plan.device, purpose, serial), content);
  };
  constexpr auto most = store::local_bytes / 2;  // it fits with padding
  if (plan.root.size() > most) return std::nullopt;
  SealedSnapshot out{seal(root_purpose, 0, plan.root), {}, {}};
  for (const auto& slot : plan.slots) {
    if (slot.page->bytes().size() > most) return std::nullopt;
    if (slot.serial > plan.sealed_to)
      out.pages.emplace_back(slot.serial, seal(page_purpose, slot.serial, slot.page->bytes()));
    out.used.push_back(slot.serial);
  }
  std::sort(out.used.begin(), out.used.end());
  return out;
}

void put_snapshot(store::WriteTxn& tx, const SealedSnapshot& checkpoint) {
  std::vector<std::uint64_t> gone;
  for (const auto serial : tx.keys(store::index_pages))
    if (!std::binary_search(checkpoint.used.begin(), checkpoint.used.end(), serial)) gone.push_back(serial);
  for (const auto serial : gone) tx.remove(store::index_pages, serial);
  for (const auto& [serial, page] : checkpoint.pages) tx.put(store::index_pages, serial, page);
  tx.put(store::local, "index", checkpoint.root);
}

Result<Contents> load_snapshot(const store::Store& store, const Keychain& keychain, const DeviceId& device,
                               const std::map<DeviceId, Head>& heads) {
  return store.read([&](const store::ReadTxn& tx) {
    auto contents = read_checkpoint(tx, keychain, device, heads).value_or(Contents{});
    const auto last = tx.last(store::index_pages, store::Range<std::uint64_t>::all());
    contents.last_serial = last ? last->first : 0;
    contents.saved_versions = contents.index.counts().versions;
    return contents;
  });
}

}  // namespace vault::daemon
