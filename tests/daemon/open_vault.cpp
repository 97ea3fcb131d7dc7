// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/open_vault.hpp"

#include "daemon/state/profile.hpp"

namespace vault::tests {

using namespace daemon;

namespace {

void write_first_commit(store::WriteTxn& tx, const Household& home, std::size_t device) {
  CommitPlan plan;
  plan.keys = home.identity(device);
  plan.keychain = home.keychain;
  plan.kind = wire::CommitKind::epoch;
  plan.seq = 1;
  plan.content = Secret::copy_of(crypto::encode_seen({}));
  REQUIRE(write_commit(tx, plan));
}

std::map<DeviceId, Head> stored_heads(const store::Store& store) {
  const auto heads = store.read([](const store::ReadTxn& tx) {
    std::map<DeviceId, Head> out;
    tx.scan(store::heads, store::Range<DeviceId>::all(), [&](const DeviceId& id, const Head& head) { out[id] = head; });
    return out;
  });
  return heads.value();
}

asio::awaitable<void> write_one(OpenVault& open, ItemWrite write, OpenVault::Written& out) {
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(write));
  std::optional<Refusal> refusal;
  out = co_await write_items(open.vault, *open.writer, std::move(writes), refusal);
  if (refusal) open.refusal = refusal;
}

}  // namespace

OpenVault::OpenVault(const Household& home, const TempFolder& folder, std::uint64_t map_bytes, std::size_t device) {
  {
    auto first = open_store(folder, map_bytes);
    if (stored_heads(first).empty()) {
      home.store_in(first);
      REQUIRE(first.write([&](store::WriteTxn& tx) { write_first_commit(tx, home, device); }));
    }
  }
  store = std::make_shared<store::Store>(open_store(folder, map_bytes));  // the writer's thread is another one
  Contents contents;
  const auto take = [&contents](const std::string& name, Version version) { contents.add(name, std::move(version)); };
  auto verified = verify(*store, *home.keychain, {}, stored_heads(*store), home.id(device), take);
  REQUIRE(verified);
  contents.ledger = std::move(verified->ledger);
  vault = std::make_shared<Unlocked>(home.keychain, home.identity(device), std::move(contents));
  const auto failed = [this] {
    ++failures;
    vault->plans_failed();
  };
  writer = std::make_unique<Writer>(io.get_executor(), threads, store, failed);
}

void OpenVault::run() {
  io.restart();
  io.run();
}

std::vector<OpenVault::Written> OpenVault::write_at_once(std::vector<ItemWrite> writes) {
  std::vector<Written> out(writes.size(), make_error_code(Errc::internal));
  for (std::size_t i = 0; i < writes.size(); ++i)
    spawn(io.get_executor(), "a write", write_one(*this, std::move(writes[i]), out[i]));
  run();
  return out;
}

OpenVault::Written OpenVault::write(ItemWrite one) {
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(one));
  return write_at_once(std::move(writes)).front();
}

namespace {

asio::awaitable<void> read_one(OpenVault& open, Location at, std::string& out) {
  std::vector<Location> places{at};
  const auto values = co_await read_values(open.threads, open.store, open.vault, std::move(places));
  CHECK(values.front());
  if (values.front()) out = values.front()->value.text();
}

}  // namespace

std::string OpenVault::value_of(const std::string& name) {
  const auto heads = vault->index.heads(name);
  REQUIRE_FALSE(heads.empty());
  std::string out;
  spawn(io.get_executor(), "a read", read_one(*this, heads.front().at, out));
  run();
  return out;
}

ItemWrite put_of(std::string name, std::string_view value) {
  return {.name = std::move(name), .value = Secret::copy_of(value)};
}

}  // namespace vault::tests
