// SPDX-License-Identifier: Apache-2.0
// The write path: what was answered is there after the database is opened again, and neither a seq nor a counter is
// ever used twice, whatever failed in between.
#include "base/input_errc.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/state/profile.hpp"
#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::ItemWrite;

namespace writer_test {
namespace {

std::vector<ItemWrite> puts(std::size_t count, std::size_t bytes = 10) {
  std::vector<ItemWrite> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(put_of("item/" + std::to_string(i), std::string(bytes, 'v')));
  return out;
}

std::size_t count_of(const std::vector<OpenVault::Written>& all) {
  return static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& one) { return one.has_value(); }));
}

std::vector<wire::CommitHeader> own_headers(const store::Store& store, const DeviceId& self) {
  const auto read = store.read([&self](const store::ReadTxn& tx) {
    std::vector<wire::CommitHeader> out;
    tx.scan(
        store::chains, store::Range<store::Place>::starting_with(self),
        [&out](const store::Place&, const Sealed& c) { out.push_back(wire::decode_commit_header(c.view()).value()); });
    return out;
  });
  return read.value();
}

// Gapless seqs, counters that rise by what each commit took, and the stored counter beyond the last.
void check_chain(const store::Store& store, const DeviceId& self) {
  std::uint64_t seq = 0, counter = 0;
  for (const auto& header : own_headers(store, self)) {
    CHECK(header.seq == ++seq);
    CHECK(header.counter == counter);
    counter = header.counter + header.segments;
  }
  const auto stored =
      store.read([](const store::ReadTxn& tx) { return daemon::get_number(tx, daemon::meta::counter); });
  CHECK(stored.value() == counter);
}

ItemWrite remove_of(std::string name) { return {.operation = crypto::Operation::remove, .name = std::move(name)}; }

ItemWrite put_if(std::string_view value, const crypto::VersionId& version) {
  auto out = put_of("notes/today", value);
  out.if_version = version;
  return out;
}

}  // namespace

TEST_CASE("a thousand concurrent writers share a few durable commits, and all of their versions are there afterwards") {
  const Household home;
  const TempFolder folder;
  std::vector<OpenVault::Written> written;
  {
    OpenVault open{home, folder};
    written = open.write_at_once(puts(1000));
    CHECK(count_of(written) == 1000);
    CHECK(open.store->durable_commits() <= 20);
    check_chain(*open.store, home.id(0));
  }
  const OpenVault again{home, folder};
  CHECK(again.vault->index.counts().items == 1000);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto heads = again.vault->index.heads("item/" + std::to_string(i));
    REQUIRE(heads.size() == 1);
    CHECK(heads.front().id == written[i]->front());
  }
  CHECK(again.vault->next_seq() == 1002);
}

TEST_CASE("one writer alone makes exactly one durable commit for each write") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  for (std::uint64_t i = 1; i <= 5; ++i) {
    REQUIRE(open.write(put_of("notes/today", "text " + std::to_string(i))));
    CHECK(open.store->durable_commits() == i);
  }
  check_chain(*open.store, home.id(0));
  CHECK(open.vault->index.history("notes/today").size() == 5);
  CHECK(open.vault->index.heads("notes/today").size() == 1);
  CHECK(open.value_of("notes/today") == "text 5");
}

TEST_CASE("concurrent writes of one item follow each other: nothing is in conflict") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  std::vector<ItemWrite> writes;
  for (int i = 0; i < 50; ++i) writes.push_back(put_of("notes/today", std::to_string(i)));
  const auto written = open.write_at_once(std::move(writes));
  REQUIRE(count_of(written) == 50);
  const auto heads = open.vault->index.heads("notes/today");
  CHECK(heads.size() == 1);
  CHECK(heads.front().id == written.back()->front());
  CHECK(open.value_of("notes/today") == "49");
}

TEST_CASE("when the disk is full all planned writes fail, and once there is room no seq and no counter repeats") {
  const Household home;
  const TempFolder folder;
  constexpr std::uint64_t small = 1 << 20;
  std::size_t stored = 0;
  {
    OpenVault open{home, folder, small};
    for (int i = 0; i < 3; ++i) stored += open.write(put_of("before/" + std::to_string(i), "v")).has_value();
    CHECK(stored == 3);
    const auto written = open.write_at_once(puts(100, 60'000));
    const auto first = count_of(written);  // what was planned before the rest had gathered
    CHECK(first <= 1);
    for (auto i = first; i < written.size(); ++i) CHECK(class_of(written[i].error()) == Errc::storage);
    CHECK(open.failures > 0);
    CHECK(open.vault->index.counts().items == 3 + first);
    CHECK_FALSE(open.vault->will_exist("item/99"));
    CHECK(open.vault->next_seq() == 5 + first);
    check_chain(*open.store, home.id(0));
    REQUIRE(open.write(put_of("after/small", "fits")));
    check_chain(*open.store, home.id(0));
  }
  OpenVault open{home, folder};
  CHECK(count_of(open.write_at_once(puts(20, 60'000))) == 20);
  check_chain(*open.store, home.id(0));
  CHECK(open.vault->index.counts().items == 3 + 1 + 20);
}

TEST_CASE("of two concurrent puts on the same version exactly one wins, and the other learns the heads") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  const auto first = open.write(put_of("notes/today", "one"));
  REQUIRE(first);
  std::vector<ItemWrite> writes;
  writes.push_back(put_if("two", first->front()));
  writes.push_back(put_if("three", first->front()));
  const auto written = open.write_at_once(std::move(writes));
  CHECK(count_of(written) == 1);
  REQUIRE(written[0]);
  CHECK(written[1].error() == Errc::conflict);
  REQUIRE(open.refusal);
  CHECK(open.refusal->name == "notes/today");
  CHECK(open.refusal->heads == *written[0]);
}

TEST_CASE("a put on a version that is no longer the head, or never was, is a conflict and writes nothing") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  const auto first = open.write(put_of("notes/today", "one"));
  REQUIRE(first);
  REQUIRE(open.write(put_if("two", first->front())));
  const auto before = open.store->durable_commits();
  CHECK(open.write(put_if("three", first->front())).error() == Errc::conflict);
  auto elsewhere = put_if("three", first->front());
  elsewhere.name = "notes/elsewhere";
  CHECK(open.write(std::move(elsewhere)).error() == Errc::conflict);
  CHECK(open.store->durable_commits() == before);
}

TEST_CASE("a remove needs an item that exists; a put makes it exist again") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  CHECK(open.write(remove_of("notes/today")).error() == DaemonErrc::item_not_found);
  REQUIRE(open.write(put_of("notes/today", "one")));
  REQUIRE(open.write(remove_of("notes/today")));
  CHECK(open.vault->index.counts().items == 0);
  CHECK(open.write(remove_of("notes/today")).error() == DaemonErrc::item_not_found);
  REQUIRE(open.write(put_of("notes/today", "two")));
  CHECK(open.vault->index.counts().items == 1);
  CHECK(open.vault->index.history("notes/today").size() == 3);
}

TEST_CASE("a write that an app may not make is refused before anything is planned") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  CHECK(open.write(put_of("", "v")).error() == InputErrc::name_empty);
  CHECK(open.write(put_of("notes/today", std::string(64 * 1024 + 1, 'v'))).error() == InputErrc::value_too_large);
  auto odd = put_of("notes/today", "v");
  odd.content_type = "text/\x01";
  CHECK(open.write(std::move(odd)).error() == InputErrc::content_type_bad);
  CHECK(open.vault->next_seq() == 2);
  CHECK(open.vault->planned_heads("notes/today").empty());
  CHECK(open.write(put_of("notes/today", "v")));
}

TEST_CASE("what was planned is stored although its caller is cancelled meanwhile") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  asio::cancellation_signal gone;
  const auto put = [](OpenVault& o) -> asio::awaitable<void> {
    std::vector<ItemWrite> writes;
    writes.push_back(put_of("notes/today", "v"));
    std::optional<daemon::Refusal> refusal;
    const auto ignored = co_await daemon::write_items(o.vault, *o.writer, std::move(writes), refusal);
    (void)ignored;
  };
  bool ended = false;
  asio::co_spawn(open.io, put(open), asio::bind_cancellation_slot(gone.slot(), [&ended](auto) { ended = true; }));
  asio::post(open.io, [&gone] { gone.emit(asio::cancellation_type::terminal); });
  open.run();
  CHECK(ended);
  CHECK(open.vault->index.counts().items == 1);
  check_chain(*open.store, home.id(0));
}

TEST_CASE(
    "the first write after a new vault key opens an epoch with a new device key, and what was sealed before is read "
    "on") {
  Household home;
  const TempFolder folder;
  {
    OpenVault open{home, folder};
    REQUIRE(open.write(put_of("a", "under the first key")));
    home.new_generation();
    open.vault->keychain = home.keychain;
    const auto written = open.write_at_once(puts(3));
    CHECK(count_of(written) == 3);
    home.new_generation();
    open.vault->keychain = home.keychain;
    REQUIRE(open.write(put_of("b", "under the third")));
    CHECK(open.vault->identity->epoch == 3);
    for (const auto* name : {"a", "item/0", "b"}) CHECK_FALSE(open.value_of(name).empty());
    check_chain(*open.store, open.vault->self());
  }
  const auto kinds = [&] {
    std::string out;
    for (const auto& header : own_headers(*OpenVault(home, folder).store, home.id(0)))
      out += header.kind == wire::CommitKind::epoch ? 'e' : 'd';
    return out;
  };
  CHECK(kinds() == "ededdded");
}

TEST_CASE("an epoch that could not be stored is opened by the next write") {
  Household home;
  const TempFolder folder;
  OpenVault open{home, folder, 512 * 1024};
  home.new_generation();
  open.vault->keychain = home.keychain;
  open.vault->planned_epoch(home.identity(0));
  CHECK_FALSE(open.vault->needs_epoch());
  open.vault->plans_failed();
  CHECK(open.vault->needs_epoch());
  CHECK(count_of(open.write_at_once(puts(12, 60'000))) < 12);
  CHECK(open.failures > 0);
  CHECK(open.vault->identity->epoch == open.vault->own_chain().epoch);
  REQUIRE(open.write(put_of("small", "fits")));
  CHECK(open.vault->identity->epoch == 2);
  CHECK(open.value_of("small") == "fits");
  check_chain(*open.store, open.vault->self());
}

}  // namespace writer_test
