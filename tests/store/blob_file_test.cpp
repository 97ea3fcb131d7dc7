// SPDX-License-Identifier: Apache-2.0
#include "store/blob_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/errc.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using store::BlobFile;
using store::BlobShape;
using tests::Random;
using tests::TempFolder;
namespace fs = std::filesystem;

namespace blob_file_test {
namespace {

constexpr BlobShape shape{.count = 3, .full = 5000, .last = 700};

Sealed chunk(Random& random, std::uint64_t index) {
  auto bytes = random.bytes(shape.size(index));
  bytes[0] = 'V';
  return Sealed::from_untrusted(std::move(bytes));
}

}  // namespace

TEST_CASE("chunks and hashes of a blob read back, in whatever order they were written") {
  TempFolder folder;
  Random random{1};
  std::vector<Sealed> chunks;
  for (std::uint64_t i = 0; i < shape.count; ++i) chunks.push_back(chunk(random, i));
  const std::vector<Hash> hashes{random.fixed<Hash>(), random.fixed<Hash>(), random.fixed<Hash>()};
  {
    auto file = BlobFile::create(folder / "b", shape, true).value();
    REQUIRE(file.write_hashes(hashes));
    for (auto i : {2u, 0u, 1u}) REQUIRE(file.write(i, chunks[i]));
    REQUIRE(file.sync());
  }
  const auto file = BlobFile::open(folder / "b", shape).value();
  for (auto i : {0u, 1u, 2u}) CHECK(file.read(i).value() == chunks[i]);
  CHECK(file.read_hashes().value() == hashes);
  CHECK(fs::file_size(folder / "b") == shape.file());
  CHECK((fs::status(folder / "b").permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("a chunk that was never written is not there, and neither are hashes") {
  TempFolder folder;
  Random random{2};
  const bool reserve = GENERATE(true, false);
  auto file = BlobFile::create(folder / "b", shape, reserve).value();
  CHECK_FALSE(file.read(0).value());
  REQUIRE(file.write(2, chunk(random, 2)));
  CHECK_FALSE(file.read(0).value());
  CHECK_FALSE(file.read(1).value());
  CHECK(file.read(2).value());
  if (!reserve) CHECK(file.read_hashes().error() == StoreErrc::store_damaged);
}

TEST_CASE("a file that was cut gives the bytes that are left, and no more") {
  TempFolder folder;
  Random random{3};
  auto file = BlobFile::create(folder / "b", shape, false).value();
  REQUIRE(file.write(1, chunk(random, 1)));
  REQUIRE(truncate((folder / "b").c_str(), 5000 + 10) == 0);
  CHECK(file.read(1).value()->size() == 10);
  REQUIRE(truncate((folder / "b").c_str(), 5000 + 3) == 0);
  CHECK_FALSE(file.read(1).value());
}

TEST_CASE("a file is never made in the place of another, nor through a link, and a scratch file has no name") {
  TempFolder folder;
  REQUIRE(BlobFile::create(folder / "b", shape, false));
  CHECK_FALSE(BlobFile::create(folder / "b", shape, false));
  fs::create_symlink(folder / "b", folder / "link");
  CHECK_FALSE(BlobFile::create(folder / "link", shape, false));
  CHECK_FALSE(BlobFile::open(folder / "link", shape));
  Random random{4};
  auto scratch = BlobFile::scratch(folder / "s", shape).value();
  CHECK_FALSE(fs::exists(folder / "s"));
  const auto one = chunk(random, 1);
  REQUIRE(scratch.write(1, one));
  CHECK(scratch.read(1).value() == one);
  scratch.forget(1);
}

TEST_CASE("the room of a file is what it takes of the disk, and a touch is its last use") {
  TempFolder folder;
  Random random{5};
  constexpr BlobShape large{.count = 64, .full = 1 << 20, .last = 700};
  auto file = BlobFile::create(folder / "b", large, false).value();
  auto bytes = random.bytes(1 << 20);
  bytes[0] = 1;
  REQUIRE(file.write(40, Sealed::from_untrusted(std::move(bytes))));
  const auto room = store::blob_file_info(folder / "b")->room;
  CHECK(room >= 1 << 20);
  CHECK(room < 4 << 20);
  const timespec old[2]{{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  REQUIRE(utimensat(AT_FDCWD, (folder / "b").c_str(), old, 0) == 0);
  CHECK(store::blob_file_info(folder / "b")->used == 1'000'000);
  file.touch();
  CHECK(store::blob_file_info(folder / "b")->used > 1'000'000'000'000);
  CHECK_FALSE(store::blob_file_info(folder / "none"));
}

}  // namespace blob_file_test
