// SPDX-License-Identifier: Apache-2.0
// A checkpoint saves reading and changes nothing: with it, without it, and with one that is damaged or does not fit,
// the contents are the same.
#include "daemon/index/snapshot.hpp"

#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;

namespace snapshot_test {
namespace {

std::map<DeviceId, Head> heads_of(const store::Store& store) {
  return store
      .read([](const store::ReadTxn& tx) {
        std::map<DeviceId, Head> out;
        tx.scan(store::heads, store::Range<DeviceId>::all(), [&](const DeviceId& d, const Head& h) { out[d] = h; });
        return out;
      })
      .value();
}

asio::awaitable<void> write(Writer& writer, std::function<void(store::WriteTxn&)> body) {
  auto task = writer.write(std::move(body));
  const auto done = co_await std::move(task);
  CHECK(done);
}

void change(OpenVault& open, std::function<void(store::WriteTxn&)> body) {
  spawn(open.io.get_executor(), "a change", write(*open.writer, std::move(body)));
  open.run();
}

// As the daemon does it, in one go. What it sealed.
SealedSnapshot save(OpenVault& open) {
  auto& vault = *open.vault;
  while (vault.index.fold(10) > 0) {
  }
  const auto plan = vault.plan_snapshot();
  auto sealed = seal_snapshot(plan);
  REQUIRE(sealed);
  change(open, [&sealed](store::WriteTxn& tx) { put_snapshot(tx, *sealed); });
  vault.saved(plan, vault.index.counts().versions);
  return std::move(*sealed);
}

Contents load(const OpenVault& open, const Household& home) {
  auto loaded = load_snapshot(*open.store, *home.keychain, home.id(0), heads_of(*open.store));
  REQUIRE(loaded);
  return std::move(*loaded);
}

std::vector<ItemWrite> many_puts(std::size_t count, const std::string& prefix) {
  std::vector<ItemWrite> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(put_of(prefix + std::to_string(i), "value"));
  return out;
}

std::map<std::string, std::vector<Version>> all_of(const Index& index) {
  std::map<std::string, std::vector<Version>> out;
  index.walk("", [&](const std::string& name, const std::vector<Version>&) {
    out[name] = index.history(name);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("what is loaded is what was saved, and reading on from it gives what reading everything gives") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  open.write_at_once(many_puts(500, "item/"));
  save(open);
  REQUIRE(open.vault->unsaved() == 0);
  open.write_at_once(many_puts(50, "item/1"));
  auto loaded = load(open, home);
  CHECK(loaded.index.counts().items == 500);
  const auto take = [&loaded](const std::string& name, Version version) { loaded.add(name, std::move(version)); };
  const auto verified = verify(*open.store, *home.keychain, loaded.ledger, heads_of(*open.store), home.id(0), take);
  REQUIRE(verified);
  CHECK(all_of(loaded.index) == all_of(open.vault->index));
  CHECK(loaded.index.counts() == open.vault->index.counts());
  CHECK(verified->ledger.at(home.id(0)).head == open.vault->own_chain().head);
  CHECK(verified->ledger.at(home.id(0)).counter_end == open.vault->own_chain().counter_end);
  CHECK(loaded.clock.last() == open.vault->clock.last());
}

TEST_CASE("a second checkpoint seals the pages that changed, and leaves none that are not used") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  open.write_at_once(many_puts(2000, "item/"));
  const auto first = save(open);
  REQUIRE(first.pages.size() > 5);
  open.write(put_of("item/7", "new"));
  const auto second = save(open);
  CHECK(second.pages.size() == 1);
  CHECK(second.used.size() == first.used.size());
  const auto stored = open.store->read([](const store::ReadTxn& tx) { return tx.keys(store::index_pages); });
  CHECK(stored.value() == second.used);
  CHECK(second.pages.front().first > first.used.back());  // no serial is used twice
}

TEST_CASE("a checkpoint that is damaged, mixed with an older one, or ahead of the chains is not used") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  open.write_at_once(many_puts(2000, "item/"));
  const auto first = save(open);
  open.write(put_of("item/7", "new"));
  const auto second = save(open);
  REQUIRE_FALSE(load(open, home).ledger.empty());
  const auto changed = second.pages.front().first;

  SECTION("a page is gone") {
    change(open, [&](store::WriteTxn& tx) { tx.remove(store::index_pages, changed); });
  }
  SECTION("a page stands in another's place") {
    change(open, [&](store::WriteTxn& tx) { tx.put(store::index_pages, changed, first.pages.front().second); });
  }
  SECTION("the older root is put back: its pages are gone") {
    change(open, [&](store::WriteTxn& tx) { tx.put(store::local, "index", first.root); });
  }
  SECTION("a byte is bent") {
    auto bytes = second.root.view();
    Bytes bent(bytes.begin(), bytes.end());
    bent[bent.size() / 2] ^= 1;
    change(open, [&](store::WriteTxn& tx) { tx.put(store::local, "index", Sealed::from_untrusted(bent)); });
  }
  SECTION("the chain ends before it") {
    change(open, [&](store::WriteTxn& tx) { tx.put(store::heads, home.id(0), Head{1, {}}); });
  }
  SECTION("the root is a page") {
    change(open, [&](store::WriteTxn& tx) { tx.put(store::local, "index", second.pages.front().second); });
  }
  const auto loaded = load(open, home);
  CHECK(loaded.ledger.empty());
  CHECK(loaded.index.counts() == IndexCounts{});
  CHECK(loaded.last_serial > 0);  // what is sealed next gets a serial of its own
}

}  // namespace snapshot_test
