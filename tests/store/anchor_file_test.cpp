// SPDX-License-Identifier: Apache-2.0
#include "store/anchor_file.hpp"

#include <sys/stat.h>

#include <fstream>

#include "store/errc.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using store::AnchorFile;
using store::AnchorSlot;
using tests::Random;
using tests::TempFolder;
namespace fs = std::filesystem;

namespace anchor_file_test {
namespace {

auto slots(const fs::path& path) { return AnchorFile::open(path).value().read().value(); }

}  // namespace

TEST_CASE("an anchor file keeps the last two things written, each in its slot") {
  TempFolder folder;
  tests::for_all(20, [&folder](Random& random) {
    fs::remove(folder / "anchor");
    std::optional<AnchorSlot> expected[2];
    auto serial = random.below(1000);
    for (int round = 0; round < 8; ++round, ++serial) {
      AnchorSlot slot{serial, random.bytes(random.below(AnchorFile::payload_bytes + 1))};
      REQUIRE(AnchorFile::open(folder / "anchor").value().write(slot.serial, slot.payload));
      expected[serial % 2] = slot;
      const auto found = slots(folder / "anchor");
      CHECK(found[0] == expected[0]);
      CHECK(found[1] == expected[1]);
    }
  });
}

TEST_CASE("a new anchor file has two empty slots and is private") {
  TempFolder folder;
  const auto before = ::umask(0);
  const auto found = slots(folder / "anchor");
  ::umask(before);
  CHECK_FALSE(found[0]);
  CHECK_FALSE(found[1]);
  struct stat info {};
  REQUIRE(::stat((folder / "anchor").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777u) == 0600);
}

TEST_CASE("a write that tears anywhere leaves the other slot as it was") {
  TempFolder folder;
  auto anchor = AnchorFile::open(folder / "anchor").value();
  const AnchorSlot even{10, Bytes(480, 0xee)}, odd{11, Bytes(480, 0xdd)};
  tests::for_all(100, [&](Random& random) {
    REQUIRE(anchor.write(even.serial, even.payload));
    REQUIRE(anchor.write(odd.serial, odd.payload));
    const auto torn = random.below(2);
    const auto junk = random.bytes(1 + random.below(AnchorFile::slot_bytes));
    std::fstream file{folder / "anchor", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(torn * AnchorFile::slot_distance +
                                           random.below(AnchorFile::slot_bytes - junk.size() + 1)));
    file.write(reinterpret_cast<const char*>(junk.data()), static_cast<std::streamsize>(junk.size()));
    file.close();
    const auto found = anchor.read().value();
    CHECK(found[1 - torn] == (torn == 0 ? odd : even));
    if (found[torn]) CHECK(found[torn]->payload.size() <= AnchorFile::payload_bytes);
  });
}

TEST_CASE("a cut anchor file loses the slots that were cut and no other") {
  TempFolder folder;
  auto anchor = AnchorFile::open(folder / "anchor").value();
  REQUIRE(anchor.write(2, Bytes(480, 1)));
  REQUIRE(anchor.write(3, Bytes(480, 1)));
  fs::resize_file(folder / "anchor", AnchorFile::slot_distance + 100);
  CHECK(slots(folder / "anchor")[0] == AnchorSlot{2, Bytes(480, 1)});
  fs::resize_file(folder / "anchor", 300);
  CHECK_FALSE(slots(folder / "anchor")[1]);
  fs::resize_file(folder / "anchor", 0);
  CHECK_FALSE(slots(folder / "anchor")[0]);
  REQUIRE(AnchorFile::open(folder / "anchor").value().write(4, Bytes{9}));
  CHECK(slots(folder / "anchor")[0] == AnchorSlot{4, Bytes{9}});
}

TEST_CASE("a slot with a serial of the other slot is not a slot") {
  TempFolder folder;
  auto anchor = AnchorFile::open(folder / "anchor").value();
  REQUIRE(anchor.write(2, Bytes{1}));
  Bytes even(AnchorFile::slot_bytes);
  std::fstream file{folder / "anchor", std::ios::in | std::ios::out | std::ios::binary};
  file.read(reinterpret_cast<char*>(even.data()), AnchorFile::slot_bytes);
  file.seekp(AnchorFile::slot_distance);
  file.write(reinterpret_cast<const char*>(even.data()), AnchorFile::slot_bytes);
  file.close();
  CHECK(anchor.read().value()[0]);
  CHECK_FALSE(anchor.read().value()[1]);
}

TEST_CASE("an anchor that is a link or no file is refused, without waiting for one to answer") {
  TempFolder folder;
  fs::create_symlink(folder / "elsewhere", folder / "link");
  CHECK(AnchorFile::open(folder / "link").error() == StoreErrc::state_unsafe);
  CHECK_FALSE(fs::exists(folder / "elsewhere"));
  fs::create_directory(folder / "dir");
  CHECK(AnchorFile::open(folder / "dir").error() == StoreErrc::state_unsafe);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(AnchorFile::open(folder / "pipe").error() == StoreErrc::state_unsafe);
}

}  // namespace anchor_file_test
