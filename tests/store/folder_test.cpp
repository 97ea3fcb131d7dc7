// SPDX-License-Identifier: Apache-2.0
#include "store/folder.hpp"
#include "store/errc.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "tests/store/in_child.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::store;
using tests::in_child;
using tests::killed;
using tests::TempFolder;
namespace fs = std::filesystem;

namespace folder_test {
namespace {

const Options options{.tables = vault_tables};

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777u;
}

}  // namespace

TEST_CASE("the folder and every file in it are for their owner alone, whatever the umask") {
  TempFolder folder;
  const auto before = ::umask(0);
  {
    auto store = Store::open(folder / "state", options).value();
    CHECK(mode_of(folder / "state") == 0700);
    for (const auto& entry : fs::directory_iterator{folder / "state"}) {
      INFO(entry.path());
      CHECK(mode_of(entry.path()) == 0600);
    }
    REQUIRE(store.copy_to(folder / "copy"));
    CHECK(mode_of(folder / "copy") == 0600);
  }
  ::umask(before);
}

TEST_CASE("a folder that others can enter is refused") {
  TempFolder folder;
  fs::create_directory(folder / "state");
  fs::permissions(folder / "state", fs::perms{0750});
  CHECK(Store::open(folder / "state", options).error() == StoreErrc::state_unsafe);
  CHECK(fs::is_empty(folder / "state"));
}

TEST_CASE("a symbolic link or a file in the folder's place is refused, with a slash behind it too") {
  TempFolder folder;
  REQUIRE(Store::open(folder / "real", options).has_value());
  fs::create_directory_symlink(folder / "real", folder / "link");
  CHECK(Store::open(folder / "link", options).error() == StoreErrc::state_unsafe);
  CHECK(Store::open(folder / "link/", options).error() == StoreErrc::state_unsafe);
  std::ofstream{folder / "file"} << "x";
  CHECK(Store::open(folder / "file", options).error() == StoreErrc::state_unsafe);
  CHECK(Store::open(folder / "no/parent", options).error() == boost::system::errc::no_such_file_or_directory);
}

TEST_CASE("filesystems of other machines are known by their numbers, local ones are let pass") {
  for (auto type : {0x6969ul, 0xFF534D42ul, 0xFE534D42ul, 0x65735546ul, 0x01021997ul, 0x00C36400ul})
    CHECK(is_remote_filesystem(type));
  for (auto type : {0xEF53ul, 0x9123683Eul, 0x58465342ul, 0x01021994ul, 0x794C7630ul, 0x2FC12FC1ul})
    CHECK_FALSE(is_remote_filesystem(type));          // ext, btrfs, xfs, tmpfs, overlay, zfs
  CHECK(is_remote_filesystem(0xFFFFFFFFFF534D42ul));  // f_type is signed, and some kernels extend it
}

TEST_CASE("a second process is kept out, whatever is deleted from the folder") {
  TempFolder folder;
  auto store = Store::open(folder / "state", options).value();
  auto second = [&folder] {
    const auto other = Store::open(folder / "state", options);
    return other.has_error() && other.error() == StoreErrc::state_in_use ? 42 : 1;
  };
  CHECK(in_child(second) == 42);
  for (const auto& file : fs::directory_iterator{folder / "state"}) {
    fs::remove(file);
    CHECK(in_child(second) == 42);
  }
  CHECK(fs::is_empty(folder / "state"));
}

TEST_CASE("a second store in the same process is kept out too, until the first is closed") {
  TempFolder folder;
  {
    auto store = Store::open(folder / "state", options).value();
    CHECK(Store::open(folder / "state", options).error() == StoreErrc::state_in_use);
  }
  CHECK(Store::open(folder / "state", options).has_value());
}

TEST_CASE("a store is not used by a forked child") {
  TempFolder folder;
  auto store = Store::open(folder / "state", options).value();
  CHECK(in_child([&store] { return store.read([](ReadTxn&) { return 0; }).value(); }) == killed);
  CHECK(in_child([&store] {
          Store gone = std::move(store);  // destroying it is allowed, and leaves the parent's alone
          return 0;
        }) == 0);
  CHECK(store.write([](WriteTxn& tx) { tx.put(meta, "a", Bytes{1}); }).has_value());
}

TEST_CASE("writes come from one thread, one at a time, and not into a table that is being scanned") {
  TempFolder folder;
  auto with_store = [&folder](auto mistake) {
    return in_child([&] {
      auto own = Store::open(folder / "child", options).value();
      own.write([](WriteTxn& tx) { tx.put(meta, "a", Bytes{1}); }).value();
      mistake(own);
      return 0;
    });
  };
  CHECK(with_store([](Store&) {}) == 0);
  CHECK(with_store([](Store& own) { std::thread{[&own] { own.write([](WriteTxn&) {}).value(); }}.join(); }) == killed);
  CHECK(with_store([](Store& own) { own.write([&own](WriteTxn&) { own.write([](WriteTxn&) {}).value(); }).value(); }) ==
        -1);
  CHECK(with_store([](Store& own) {
          own.write([](WriteTxn& tx) {
               tx.scan(meta, Range<std::string>::all(),
                       [&tx](const std::string& key, const Bytes&) { tx.remove(meta, key); });
             })
              .value();
        }) == killed);
}

TEST_CASE("what opening a store writes does not choose the thread of its writes") {
  TempFolder folder;
  auto store = Store::open(folder / "state",
                           {.tables = vault_tables, .prepare = [](WriteTxn& tx) { tx.put(meta, "made", Bytes{1}); }})
                   .value();
  Result<void> written = Errc::internal;
  std::thread{[&store, &written] { written = store.write([](WriteTxn& tx) { tx.put(meta, "a", Bytes{1}); }); }}.join();
  CHECK(written);
  CHECK(store.read([](ReadTxn& tx) { return tx.get(meta, "made"); }).value() == Bytes{1});
}

}  // namespace folder_test
