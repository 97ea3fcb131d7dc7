// SPDX-License-Identifier: Apache-2.0
// Reading a file's pages without believing them: the same rows as LMDB where it is sound; and what is found sound,
// LMDB can use.
#include "store/pages.hpp"

#include <fstream>
#include <iterator>
#include <map>

#include "store/row_check.hpp"
#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "tests/store/in_child.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::store;
using tests::in_child;
using tests::Random;
using tests::TempFolder;
namespace fs = std::filesystem;

namespace pages_test {
namespace {

const Options options{.tables = vault_tables, .map_bytes = std::uint64_t{1} << 30};
using Rows = std::map<std::pair<std::string, Bytes>, Bytes>;

Bytes contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const fs::path& file, BytesView bytes) {
  std::ofstream{file, std::ios::binary | std::ios::trunc}.write(reinterpret_cast<const char*>(bytes.data()),
                                                                static_cast<std::streamsize>(bytes.size()));
}

Rows walked(Pages& pages) {
  Rows rows;
  pages.walk([&rows](std::string_view table, BytesView key, BytesView value) {
    rows[{std::string{table}, Bytes(key.begin(), key.end())}] = Bytes(value.begin(), value.end());
  });
  return rows;
}

Sealed some(Random& random, std::size_t most) { return Sealed::from_untrusted(random.bytes(random.below(most))); }

// Puts and removals in tables of all shapes, in many transactions.
void write_much(Store& store, Random& random, int transactions) {
  for (int i = 0; i < transactions; ++i)
    store
        .write([&](WriteTxn& tx) {
          for (int n = 0; n < 20; ++n) {
            const auto at = random.below(400);
            DeviceId device{};
            device.raw[0] = static_cast<std::uint8_t>(random.below(3));
            if (random.below(3) == 0) tx.remove(chains, {device, at});
            else tx.put(chains, {device, at}, some(random, random.below(8) == 0 ? 20'000 : 900));
            tx.put(heads, device, {at, {}});
            tx.put(local, "name" + std::to_string(at % 50), some(random, 300));
            if (at % 7 == 0) tx.remove(local, Range<std::string>::all());
          }
        })
        .value();
}

Rows by_lmdb(const Store& store) {
  Rows rows;
  const auto add = [&rows](const TableId& table) {
    return [&rows, table](const auto& key, auto&& value) {
      rows[{table.name, encode(key)}] = with_row_check(table, encode(key), encode(value));
    };
  };
  store
      .read([&](ReadTxn& tx) {
        tx.scan(meta, Range<std::string>::all(), add(meta.id));
        tx.scan(chains, Range<Place>::all(), add(chains.id));
        tx.scan(heads, Range<DeviceId>::all(), add(heads.id));
        tx.scan(local, Range<std::string>::all(), add(local.id));
      })
      .value();
  return rows;
}

// Whether LMDB opens it, reads every row and writes into it. In a child: it may die of it.
int used_by_lmdb(const fs::path& folder) {
  return in_child([&folder] {
    auto store = Store::open(folder, options);
    if (!store) return 2;
    (void)by_lmdb(*store);
    Random random{7};
    write_much(*store, random, 6);
    return 0;
  });
}

}  // namespace

TEST_CASE("a file that LMDB wrote is sound, and its rows are those that LMDB reads") {
  tests::for_all(6, [](Random& random) {
    TempFolder folder;
    const auto state = folder / "state";
    for (int lives = 0; lives < 3; ++lives) {
      auto store = Store::open(state, options).value();
      write_much(store, random, 40);
      const auto file = contents(state / "data.mdb");
      Pages pages{file};
      const auto rows = walked(pages);
      INFO(pages.fault());
      REQUIRE(pages.fault().empty());
      REQUIRE(rows == by_lmdb(store));
      REQUIRE(!pages.lacks("chains"));
    }
  });
}

TEST_CASE("a new file is sound, and what is none is not") {
  TempFolder folder;
  { REQUIRE(Store::open(folder / "state", options).has_value()); }
  const auto file = contents(folder / "state" / "data.mdb");
  Pages pages{file};
  CHECK(walked(pages).size() == 1);  // the schema
  CHECK(pages.fault().empty());
  for (const auto& bytes : {Bytes{}, Bytes(100, 0), Bytes(10'000, 0xff), Bytes(file.begin(), file.begin() + 4096)}) {
    Pages none{bytes};
    CHECK(walked(none).empty());
    CHECK(!none.fault().empty());
    CHECK(none.lacks("meta"));
  }
}

TEST_CASE("a file that is found sound after an edit is one that LMDB survives, reading and writing") {
  TempFolder folder;
  Random random{41};
  {
    auto store = Store::open(folder / "state", options).value();
    write_much(store, random, 60);
  }
  const auto good = contents(folder / "state" / "data.mdb");
  int sound = 0, used = 0;
  tests::for_all(400, [&](Random& dice) {
    auto file = good;
    const auto where = dice.below(4) == 0 ? dice.below(8192) : dice.below(file.size());
    if (dice.below(8) == 0)
      std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(where / 4096 * 4096), 4096, std::uint8_t{0});
    else file[where] ^= static_cast<std::uint8_t>(1 << dice.below(8));
    Pages pages{file};
    (void)walked(pages);
    if (!pages.fault().empty()) return;
    ++sound;
    if (dice.below(3) != 0) return;
    ++used;
    fs::remove(folder / "state" / "data.mdb-lock");
    write_file(folder / "state" / "data.mdb", file);
    CHECK(used_by_lmdb(folder / "state") == 0);
  });
  CHECK(sound > 100);
  CHECK(used > 30);
}

TEST_CASE("a page that is free and in use is a fault, though every row is there") {
  TempFolder folder;
  Random random{3};
  {
    auto store = Store::open(folder / "state", options).value();
    write_much(store, random, 30);
  }
  auto file = contents(folder / "state" / "data.mdb");
  Pages good{file};
  const auto rows = walked(good);
  int found = 0;
  for (std::size_t page = 2; page * 4096 < file.size();
       ++page) {  // rows of the list of free pages: count, then numbers
    auto* begin = file.data() + page * 4096;
    std::uint16_t flags = 0, first = 0;
    std::memcpy(&flags, begin + 10, 2);
    std::memcpy(&first, begin + 16, 2);
    if (flags != 2 || first > 4096 - 32) continue;
    std::uint64_t count = 0, number = 0, txnid = 0;
    std::memcpy(&txnid, begin + first + 8, 8);
    std::memcpy(&count, begin + first + 16, 8);
    if (txnid == 0 || txnid > good.newest_commit() || count == 0 || count > 400) continue;
    std::memcpy(&number, begin + first + 24, 8);
    auto edited = file;
    const std::uint64_t other = number + 1;
    std::memcpy(edited.data() + page * 4096 + first + 24, &other, 8);
    Pages pages{edited};
    if (walked(pages) == rows && pages.fault() == "a page is free and in use") ++found;
  }
  CHECK(found > 0);
}

TEST_CASE("rows that no root reaches are found strewn") {
  TempFolder folder;
  Random random{5};
  {
    auto store = Store::open(folder / "state", options).value();
    write_much(store, random, 30);
  }
  auto file = contents(folder / "state" / "data.mdb");
  Pages good{file};
  const auto rows = walked(good);
  std::fill_n(file.begin(), 8192, std::uint8_t{0});
  std::copy_n(contents(folder / "state" / "data.mdb").begin(), 4096, file.begin());
  std::set<Bytes> values;
  Pages{file}.strewn([&values](BytesView, BytesView value) { values.emplace(value.begin(), value.end()); });
  for (const auto& [key, value] : rows) CHECK(values.contains(value));
}

}  // namespace pages_test
