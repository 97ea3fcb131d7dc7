// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"
#include "store/errc.hpp"

#include <boost/asio/awaitable.hpp>
#include <map>

#include "store/vault_tables.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::store;
using tests::Random;
using tests::TempFolder;

namespace store_test {
namespace {

Store open_store(const TempFolder& folder) { return Store::open(folder / "state", {.tables = vault_tables}).value(); }

Sealed sealed(std::string_view text) { return Sealed::from_untrusted(bytes_of(text)); }

DeviceId device(std::uint8_t n) {
  DeviceId id;
  id.raw.fill(n);
  return id;
}

// What may be a transaction's body, as the compiler sees it.
template <class R>
using ReadBody = R (*)(ReadTxn&);
static_assert(Body<ReadBody<void>, ReadTxn>);
static_assert(Body<ReadBody<int>, ReadTxn>);
static_assert(Body<ReadBody<Result<Bytes>>, ReadTxn>);
static_assert(Body<ReadBody<std::optional<Sealed>>, ReadTxn>);
static_assert(!Body<ReadBody<ReadTxn&>, ReadTxn>);
static_assert(!Body<ReadBody<const int&>, ReadTxn>);
static_assert(!Body<ReadBody<const ReadTxn*>, ReadTxn>);
static_assert(!Body<ReadBody<BytesView>, ReadTxn>);
static_assert(!Body<ReadBody<Result<BytesView>>, ReadTxn>);
static_assert(!Body<ReadBody<std::optional<std::string_view>>, ReadTxn>);
static_assert(!Body<ReadBody<boost::asio::awaitable<void>>, ReadTxn>);
static_assert(!Body<ReadBody<boost::asio::awaitable<Bytes>>, ReadTxn>);
static_assert(!Body<void (*)(WriteTxn&), ReadTxn>);
static_assert(Body<ReadBody<int>, WriteTxn>);

template <class T>
inline constexpr bool kept_by_nobody =
    !std::is_copy_constructible_v<T> && !std::is_move_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    !std::is_move_assignable_v<T> && !std::is_constructible_v<T, const Environment&>;
static_assert(kept_by_nobody<ReadTxn> && kept_by_nobody<WriteTxn>);

}  // namespace

TEST_CASE("what was written is there after the store was closed and opened") {
  TempFolder folder;
  {
    auto store = open_store(folder);
    REQUIRE(store.write([](WriteTxn& tx) {
      tx.put(local, "identity", sealed("bytes"));
      tx.put(heads, device(7), Head{3, Hash{}});
    }));
  }
  auto store = open_store(folder);
  const auto read = store.read([](ReadTxn& tx) { return tx.get(local, "identity"); });
  CHECK(read.value() == sealed("bytes"));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(heads, device(7)); }).value() == Head{3, Hash{}});
  CHECK(store.read([](ReadTxn& tx) { return tx.get(local, "other"); }).value() == std::nullopt);
}

TEST_CASE("a body that returns an error leaves nothing behind") {
  TempFolder folder;
  auto store = open_store(folder);
  const auto result = store.write([](WriteTxn& tx) -> Result<int> {
    tx.put(local, "a", sealed("1"));
    return Errc::conflict;
  });
  CHECK(result.error() == Errc::conflict);
  CHECK(store.read([](ReadTxn& tx) { return tx.count(local); }).value() == 0);
  CHECK(store.durable_commits() == 0);
}

TEST_CASE("a body that throws leaves nothing behind, and its exception passes through") {
  TempFolder folder;
  auto store = open_store(folder);
  auto body = [](WriteTxn& tx) {
    tx.put(local, "a", sealed("1"));
    throw std::out_of_range{"mine"};
  };
  CHECK_THROWS_AS((void)store.write(body), std::out_of_range);
  CHECK(store.read([](ReadTxn& tx) { return tx.contains(local, "a"); }).value() == false);
  CHECK(store.write([](WriteTxn& tx) { return tx.insert(local, "a", sealed("2")); }).value());
}

TEST_CASE("durable_commits counts the commits that changed something") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) { tx.put(local, "a", sealed("1")); }));
  REQUIRE(store.write([](WriteTxn&) {}));
  REQUIRE(store.read([](ReadTxn&) {}));
  REQUIRE(store.write([](WriteTxn& tx) { tx.put(local, "a", sealed("2")); }));
  CHECK(store.durable_commits() == 2);
}

TEST_CASE("insert keeps what is there and remove says whether there was anything") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) {
    CHECK(tx.insert(local, "a", sealed("first")));
    CHECK_FALSE(tx.insert(local, "a", sealed("second")));
    CHECK(tx.get(local, "a") == sealed("first"));
    CHECK(tx.remove(local, "a"));
    CHECK_FALSE(tx.remove(local, "a"));
  }));
}

TEST_CASE("a scan goes in the order of the numbers, within its range, until told to stop") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) {
    for (std::uint64_t seq : {65536u, 1u, 256u, 255u, 2u})
      for (auto d : {std::uint8_t{0x01}, std::uint8_t{0xff}}) tx.put(chains, {device(d), seq}, sealed("x"));
  }));
  auto seqs = [&store](Range<Place> range, std::size_t most) {
    return store
        .read([&](ReadTxn& tx) {
          std::vector<std::uint64_t> out;
          tx.scan(chains, range, [&](const Place& place, const Sealed&) {
            out.push_back(place.seq);
            return out.size() < most;
          });
          return out;
        })
        .value();
  };
  using Seqs = std::vector<std::uint64_t>;
  CHECK(seqs(Range<Place>::starting_with(device(0x01)), 99) == Seqs{1, 2, 255, 256, 65536});
  CHECK(seqs(Range<Place>::starting_with(device(0xff)), 99) == Seqs{1, 2, 255, 256, 65536});
  CHECK(seqs(Range<Place>::starting_with(device(0x02)), 99) == Seqs{});
  CHECK(seqs(Range<Place>::between({device(1), 2}, {device(1), 256}), 99) == Seqs{2, 255});
  CHECK(seqs(Range<Place>::from({device(1), 256}), 3) == Seqs{256, 65536, 1});
  CHECK(seqs(Range<Place>::all(), 99).size() == 10);
}

TEST_CASE("a store behaves like a map, whatever is done to it") {
  tests::for_all(20, [](Random& random) {
    TempFolder folder;
    auto store = std::make_unique<Store>(open_store(folder));
    std::map<std::uint32_t, Bytes> model;
    for (int round = 0; round < 30; ++round) {
      const bool abort = random.chance(20);
      auto next = model;
      const auto done = store->write([&](WriteTxn& tx) -> Result<void> {
        for (std::uint64_t op = random.below(20); op > 0; --op) {
          const auto key = static_cast<std::uint32_t>(random.below(40));
          if (random.chance(60)) {
            next[key] = random.bytes(random.below(6000));
            tx.put(keyrings, key, Sealed::from_untrusted(next[key]));
          } else if (random.chance(90)) {
            CHECK(tx.remove(keyrings, key) == (next.erase(key) == 1));
          } else {
            const auto first = next.lower_bound(key), last = next.lower_bound(key + 10);
            CHECK(tx.remove(keyrings, Range<std::uint32_t>::between(key, key + 10)) ==
                  static_cast<std::uint64_t>(std::distance(first, last)));
            next.erase(first, last);
          }
        }
        if (abort) return Errc::cancelled;
        return {};
      });
      REQUIRE(done.has_value() != abort);
      if (!abort) model = std::move(next);
      if (random.chance(10)) {
        store.reset();
        store = std::make_unique<Store>(open_store(folder));
      }
      std::map<std::uint32_t, Bytes> found;
      const auto end = static_cast<std::uint32_t>(random.below(41));
      const auto last = store->read([&](ReadTxn& tx) {
        tx.scan(keyrings, Range<std::uint32_t>::all(), [&](std::uint32_t key, const Sealed& value) {
          found[key] = Bytes(value.view().begin(), value.view().end());
        });
        return tx.last(keyrings, Range<std::uint32_t>::between(0, end));
      });
      REQUIRE(found == model);
      const auto after = model.lower_bound(end);
      REQUIRE(last.value().has_value() == (after != model.begin()));
      if (*last) REQUIRE((*last)->first == std::prev(after)->first);
    }
  });
}

TEST_CASE("last finds the newest commit of one device among others") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) {
    for (auto d : {std::uint8_t{1}, std::uint8_t{3}, std::uint8_t{0xff}})
      for (std::uint64_t seq = 1; seq <= d; ++seq) tx.put(chains, {device(d), seq}, sealed("x"));
  }));
  REQUIRE(store.read([](ReadTxn& tx) {
    auto newest = [&tx](std::uint8_t d) { return tx.last(chains, Range<Place>::starting_with(device(d))); };
    CHECK(newest(1)->first.seq == 1);
    CHECK(newest(3)->first.seq == 3);
    CHECK(newest(0xff)->first.seq == 0xff);
    CHECK_FALSE(newest(0));
    CHECK_FALSE(newest(2));
    CHECK_FALSE(newest(4));
  }));
}

TEST_CASE("a reader sees the moment it began") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.read([&store](ReadTxn& tx) {
    REQUIRE(store.write([](WriteTxn& w) { w.put(local, "a", sealed("1")); }));
    CHECK_FALSE(tx.contains(local, "a"));
  }));
  CHECK(store.read([](ReadTxn& tx) { return tx.contains(local, "a"); }).value());
}

TEST_CASE("readers on other threads see whole commits while one thread writes") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) { tx.put(meta, "a", encode(0u)), tx.put(meta, "b", encode(0u)); }));
  std::atomic<bool> done{false};
  std::atomic<int> torn{0}, reads{0};
  auto reader = [&store, &done, &torn, &reads] {
    while (!done) {
      const auto same = store.read([](ReadTxn& tx) { return tx.get(meta, "a") == tx.get(meta, "b"); });
      if (!same || !*same) ++torn;
      ++reads;
    }
  };
  std::thread one{reader}, two{reader};
  for (std::uint32_t n = 1; n < 200 || reads < 10; ++n)
    if (!store.write([n](WriteTxn& tx) { tx.put(meta, "a", encode(n)), tx.put(meta, "b", encode(n)); })) ++torn;
  done = true;
  one.join(), two.join();
  CHECK(torn == 0);
}

TEST_CASE("a full map is a full disk, rolls back, and the store goes on") {
  TempFolder folder;
  auto store = Store::open(folder / "state", {.tables = vault_tables, .map_bytes = 1 << 20}).value();
  const auto full = store.write([](WriteTxn& tx) {
    for (std::uint32_t v = 1; v < 100; ++v) tx.put(keyrings, v, Sealed::from_untrusted(Bytes(64 * 1024)));
  });
  CHECK(full.error() == StoreErrc::disk_full);
  CHECK(class_of(full.error()) == Errc::storage);
  CHECK(store.write([](WriteTxn& tx) { tx.put(keyrings, 1, sealed("small")); }).has_value());
  CHECK(store.read([](ReadTxn& tx) { return tx.count(keyrings); }).value() == 1);
}

TEST_CASE("a copy made while the store is in use opens as the store it was") {
  TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([](WriteTxn& tx) { tx.put(local, "a", sealed("1")); }));
  std::filesystem::create_directory(folder / "copy");
  std::filesystem::permissions(folder / "copy", std::filesystem::perms::owner_all);
  REQUIRE(store.copy_to(folder / "copy" / "data.mdb"));
  CHECK(store.copy_to(folder / "copy" / "data.mdb").has_error());  // never over another file
  auto copy = Store::open(folder / "copy", {.tables = vault_tables}).value();
  CHECK(copy.read([](ReadTxn& tx) { return tx.get(local, "a"); }).value() == sealed("1"));
}

}  // namespace store_test
