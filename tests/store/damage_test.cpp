// SPDX-License-Identifier: Apache-2.0
// Files that are not what a healthy store wrote.
#include <fstream>

#include "store/errc.hpp"
#include "store/faults.hpp"
#include "store/row_check.hpp"
#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "tests/store/in_child.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Lets an allocation of impossible size fail, as without the sanitizer: LMDB asks for what an edited page says.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

using namespace vault;
using namespace vault::store;
using tests::in_child;
using tests::Random;
using tests::TempFolder;
namespace fs = std::filesystem;

namespace damage_test {
namespace {

const Options options{.tables = vault_tables};

// A store with `rows` keyrings of 3000 bytes, closed again; returns its file.
fs::path make_store(const fs::path& folder, std::uint32_t rows) {
  auto store = Store::open(folder, options).value();
  store
      .write([rows](WriteTxn& tx) {
        for (std::uint32_t v = 1; v <= rows; ++v) tx.put(keyrings, v, Sealed::from_untrusted(Bytes(3000, 0x5a)));
      })
      .value();
  return folder / "data.mdb";
}

Result<std::uint64_t> read_all(const fs::path& folder) {
  const auto store = Store::open(folder, options);
  if (!store) return store.error();
  return store->read([](ReadTxn& tx) {
    std::uint64_t rows = 0;
    tx.scan(keyrings, Range<std::uint32_t>::all(), [&rows](std::uint32_t, const Sealed&) { ++rows; });
    return rows;
  });
}

void overwrite(const fs::path& file, std::streamoff at, BytesView bytes) {
  std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
  out.seekp(at);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void make_with_schema(const fs::path& folder, BytesView schema) {
  auto store = Store::open(folder, options).value();
  store.write([schema](WriteTxn& tx) { tx.put(meta, "schema", Bytes(schema.begin(), schema.end())); }).value();
}

}  // namespace

TEST_CASE("a file that is no database is a damaged one", "[row.R17]") {
  TempFolder folder;
  fs::create_directory(folder / "state");
  fs::permissions(folder / "state", fs::perms::owner_all);
  std::ofstream{folder / "state" / "data.mdb"} << std::string(10'000, 'x');
  const auto store = Store::open(folder / "state", options);
  CHECK(store.error() == StoreErrc::store_damaged);
  CHECK(class_of(store.error()) == Errc::storage);
}

TEST_CASE("a file that was cut anywhere is damaged or whole, and never ends the process", "[row.R17]") {
  TempFolder folder;
  const auto file = make_store(folder / "state", 100);
  const auto size = fs::file_size(file);
  std::uint64_t damaged = 0;
  for (std::uint64_t keep = 4096; keep < size; keep += 4096) {
    const auto cut = folder / "cut";
    fs::remove_all(cut);
    fs::create_directory(cut);
    fs::permissions(cut, fs::perms::owner_all);
    fs::copy_file(file, cut / "data.mdb");
    fs::resize_file(cut / "data.mdb", keep);
    const auto rows = read_all(cut);
    INFO(keep);
    CHECK((rows ? *rows == 100 : class_of(rows.error()) == Errc::storage));
    if (!rows) ++damaged;
  }
  CHECK(damaged > 50);
}

TEST_CASE("a meta page that claims pages beyond the map is damage", "[row.R17]") {
  TempFolder folder;
  const auto file = make_store(folder / "state", 1);
  for (std::streamoff meta_page : {0, 4096})  // MDB_meta after the 16 bytes of page header; mm_last_pg at 24 + 2 * 48
    overwrite(file, meta_page + 16 + 24 + 96, Bytes(7, 0xff));
  CHECK(read_all(folder / "state").error() == StoreErrc::store_damaged);
}

TEST_CASE("a stored value of the wrong size is an error of the read that meets it, and of no other", "[row.R17]") {
  TempFolder folder;
  auto store = Store::open(folder / "state", options).value();
  constexpr Table<DeviceId, Bytes> untyped_heads{heads.id};
  REQUIRE(store.write([&](WriteTxn& tx) { tx.put(untyped_heads, DeviceId{}, Bytes(39)); }));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(heads, DeviceId{}); }).error() == StoreErrc::store_damaged);
  CHECK(store.read([](ReadTxn& tx) { return tx.count(heads); }).value() == 1);
}

TEST_CASE("a row that has a check is damage when a bit of it is another, and when it is another row's", "[row.R17]") {
  TempFolder folder;
  auto store = Store::open(folder / "state", options).value();
  constexpr Table<std::string, Bytes> raw{{named.id.slot, named.id.name, named.id.value_bytes}};
  REQUIRE(store.write([&](WriteTxn& tx) { tx.put(named, "acked", Bytes{0, 0, 0, 0, 0, 0, 0, 9}); }));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(named, "acked"); }).value() == Bytes{0, 0, 0, 0, 0, 0, 0, 9});
  const auto row = store.read([&](ReadTxn& tx) { return tx.get(raw, "acked"); }).value().value();
  REQUIRE(row.size() == 8 + row_check_bytes);
  for (std::size_t bit = 0; bit < 8 * row.size(); ++bit) {
    auto other = row;
    other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ 1u << bit % 8);
    REQUIRE(store.write([&](WriteTxn& tx) { tx.put(raw, "acked", other); }));
    CHECK(store.read([](ReadTxn& tx) { return tx.get(named, "acked"); }).error() == StoreErrc::store_damaged);
  }
  REQUIRE(store.write([&](WriteTxn& tx) { tx.put(raw, "heard", row); }));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(named, "heard"); }).error() == StoreErrc::store_damaged);
  REQUIRE(store.write([&](WriteTxn& tx) { tx.put(raw, "heard", Bytes(3)); }));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(named, "heard"); }).error() == StoreErrc::store_damaged);
}

TEST_CASE("a stored value above its table's limit is damage and is not copied", "[row.R17]") {
  TempFolder folder;
  auto store = Store::open(folder / "state", options).value();
  constexpr Table<std::string, Sealed> roomy{{local.id.slot, local.id.name, 10 << 20}};
  REQUIRE(store.write([&](WriteTxn& tx) { tx.put(roomy, "big", Sealed::from_untrusted(Bytes(local_bytes + 1))); }));
  CHECK(store.read([](ReadTxn& tx) { return tx.get(local, "big"); }).error() == StoreErrc::store_damaged);
}

TEST_CASE("a database of a newer schema is refused and not touched", "[row.R17]") {
  TempFolder folder;
  make_with_schema(folder / "state", encode(std::uint32_t{2}));
  CHECK(Store::open(folder / "state", options).error() == StoreErrc::store_newer);
  const std::array<Migration, 1> one{[](WriteTxn&) { FAIL("there was nothing to migrate"); }};
  CHECK(Store::open(folder / "state", {.tables = vault_tables, .migrations = one}).has_value());
}

TEST_CASE("a database of a schema that was never released is refused in words of its own, and not touched",
          "[row.R17]") {
  TempFolder folder;
  make_with_schema(folder / "state", encode(std::uint32_t{1}));
  CHECK(Store::open(folder / "state", {.tables = vault_tables, .oldest = vault_schema}).error() ==
        StoreErrc::store_older);
  CHECK(class_of(StoreErrc::store_older) == Errc::storage);
  CHECK(Store::open(folder / "state", options).has_value());
}

TEST_CASE("migrations begin with the oldest schema that there is one for", "[row.R17]") {
  TempFolder folder;
  make_with_schema(folder / "state", encode(std::uint32_t{2}));
  const std::array<Migration, 1> one{[](WriteTxn& tx) { tx.put(meta, "log", Bytes{2}); }};
  auto store = Store::open(folder / "state", {.tables = vault_tables, .oldest = 2, .migrations = one}).value();
  CHECK(store.read([](ReadTxn& tx) { return tx.get(meta, "log"); }).value() == Bytes{2});
  CHECK(store.read([](ReadTxn& tx) { return tx.get(meta, "schema"); }).value() == encode(std::uint32_t{3}));
}

TEST_CASE("a schema that is no number is damage", "[row.R17]") {
  TempFolder folder;
  make_with_schema(folder / "short", Bytes{1});
  CHECK(Store::open(folder / "short", options).error() == StoreErrc::store_damaged);
  make_with_schema(folder / "zero", encode(std::uint32_t{0}));
  CHECK(Store::open(folder / "zero", options).error() == StoreErrc::store_damaged);
}

TEST_CASE("migrations run once each, in order, and all or none", "[row.R17]") {
  TempFolder folder;
  REQUIRE(Store::open(folder / "state", options).has_value());
  auto log = [](WriteTxn& tx, std::uint8_t n) {
    auto done = tx.get(meta, "log").value_or(Bytes{});
    done.push_back(n);
    tx.put(meta, "log", done);
  };
  static const auto note = log;
  const std::array<Migration, 2> broken{[](WriteTxn& tx) { note(tx, 1); },
                                        [](WriteTxn&) { throw Failure{make_error_code(StoreErrc::disk_full)}; }};
  CHECK(Store::open(folder / "state", {.tables = vault_tables, .migrations = broken}).error() == StoreErrc::disk_full);
  const std::array<Migration, 2> good{[](WriteTxn& tx) { note(tx, 1); }, [](WriteTxn& tx) { note(tx, 2); }};
  for (int again = 0; again < 2; ++again) {
    auto store = Store::open(folder / "state", {.tables = vault_tables, .migrations = good}).value();
    CHECK(store.read([](ReadTxn& tx) { return tx.get(meta, "log"); }).value() == Bytes{1, 2});
  }
}

// LMDB has no checksums and trusts a page's offsets: an edited page can show other rows, and can end the process.
// What the process may not do is go on with an error of another class, or hand out an impossible row.
TEST_CASE("pages with noise in them give rows, a storage error or the end of the process", "[row.R17]") {
  TempFolder folder;
  const auto file = make_store(folder / "state", 100);
  int answered = 0;
  tests::for_all(60, [&](Random& random) {
    fs::remove_all(folder / "noisy");
    fs::create_directory(folder / "noisy");
    fs::permissions(folder / "noisy", fs::perms::owner_all);
    fs::copy_file(file, folder / "noisy" / "data.mdb");
    const auto at = 8192 + random.below(fs::file_size(file) - 8192 - 64);
    overwrite(folder / "noisy" / "data.mdb", static_cast<std::streamoff>(at), random.bytes(1 + random.below(64)));
    const int end = in_child([&folder] {
      const auto rows = read_all(folder / "noisy");
      return rows || class_of(rows.error()) == Errc::storage ? 0 : 1;
    });
    CHECK(end != 1);
    if (end == 0) ++answered;
  });
  CHECK(answered > 40);
}

// What LMDB says of a transaction in which it met a page that cannot be right: not the caller's mistake, which ends the
// process as one.
TEST_CASE("pages edited under an open store end its writes in a storage error or with words, never as our mistake",
          "[row.R17]") {
  TempFolder folder;
  const auto file = make_store(folder / "state", 100);
  int refused = 0;
  tests::for_all(400, [&](Random& random) {
    fs::remove_all(folder / "edited");
    fs::create_directory(folder / "edited");
    fs::permissions(folder / "edited", fs::perms::owner_all);
    fs::copy_file(file, folder / "edited" / "data.mdb");
    const auto page = 2 + random.below(fs::file_size(file) / 4096 - 2);
    const auto at = page * 4096 + random.below(64);
    const auto noise = random.bytes(1 + random.below(16));
    const auto first = static_cast<std::uint32_t>(random.below(90));
    const int end = in_child([&] {
      end_at_faults();
      auto store = Store::open(folder / "edited", options);
      if (!store) return 1;
      overwrite(folder / "edited" / "data.mdb", static_cast<std::streamoff>(at), noise);
      const auto kept = [](const auto& result) { return result || class_of(result.error()) == Errc::storage; };
      const auto changed = store->write([first](WriteTxn& tx) {
        tx.remove(keyrings, Range<std::uint32_t>::between(first, first + 10));
        for (std::uint32_t v = 200; v < 220; ++v) tx.put(keyrings, v, Sealed::from_untrusted(Bytes(3000, 0x5b)));
        for (int n = 0; n < 50; ++n) tx.put(named, "item " + std::to_string(n), Bytes(8));
      });
      if (!kept(changed)) return 1;
      return changed ? 0 : 2;
    });
    CHECK((end == 0 || end == 2 || end == fault_exit));
    if (end == 2) ++refused;
  });
  CHECK(refused > 0);
}

}  // namespace damage_test
