// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/blobs.hpp"

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "crypto/blob.hpp"
#include "daemon/os/wall_time.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using store::BlobState;
namespace fs = std::filesystem;

namespace blobs_test {
namespace {

constexpr std::uint64_t length = 200'000;  // one chunk each

// What a device has of blobs, on an event loop of its own, until it is opened anew.
struct Shelf {
  const TempFolder& folder;
  Threads threads;
  asio::io_context io{1};
  std::shared_ptr<store::Store> store;
  Writer writer;
  Blobs blobs;

  explicit Shelf(const TempFolder& in)
      : folder(in),
        store(std::make_shared<store::Store>(open_store(in, std::uint64_t{1} << 30))),
        writer(io.get_executor(), threads, store, [] {}),
        blobs(io.get_executor(), threads, store, writer, in.path()) {
    REQUIRE(blobs.load());
    run();
  }
  void run() {
    io.restart();
    io.run();
  }
  template <class T>
  T await(asio::awaitable<T> task) {
    std::optional<T> out;
    asio::co_spawn(io, std::move(task), [&out](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      out.emplace(std::move(value));
    });
    run();
    return std::move(*out);
  }

  // As a put makes one, or an upload or download leaves it.
  BlobId add(BlobState state, std::uint64_t seq = 0) {
    const auto id = crypto::new_blob_id();
    auto made = await(blobs.make(id, shape_of(length)));
    REQUIRE(made);
    auto row = store::BlobRow{.length = length, .root = {}, .seq = seq, .state = static_cast<std::uint8_t>(state)};
    auto put = [id, row](store::WriteTxn& tx) { tx.put(store::blobs, id, row); };
    REQUIRE(await(writer.write(std::move(put))));
    blobs.keep(id, *made, state);
    return id;
  }
  bool has(const BlobId& id) { return static_cast<bool>(await(blobs.find(id, shape_of(length)))); }
  std::size_t files() const {
    std::error_code none;
    fs::directory_iterator all{folder / "blobs", none};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  std::size_t rows() const {
    return store->read([](const store::ReadTxn& tx) { return tx.count(store::blobs); }).value();
  }
};

}  // namespace

TEST_CASE("what was put is found after a new start, and what no row knows is removed") {
  TempFolder folder;
  BlobId kept, dropped;
  {
    Shelf shelf{folder};
    kept = shelf.add(BlobState::owed, 7);
    dropped = crypto::new_blob_id();
    REQUIRE(shelf.await(shelf.blobs.make(dropped, shape_of(length))));  // a death before its commit
    std::ofstream{folder / "blobs/stranger"} << "x";
    CHECK(shelf.files() == 3);
  }
  Shelf shelf{folder};
  CHECK(shelf.has(kept));
  CHECK_FALSE(shelf.has(dropped));
  CHECK(shelf.files() == 1);
}

TEST_CASE("a row of a copy whose file is gone is forgotten; one of what was not sent is not") {
  TempFolder folder;
  {
    Shelf shelf{folder};
    shelf.add(BlobState::kept);
    shelf.add(BlobState::owed, 7);
  }
  fs::remove_all(folder / "blobs");
  Shelf shelf{folder};
  CHECK(shelf.rows() == 1);
  CHECK(shelf.blobs.owed().value().size() == 1);
}

TEST_CASE("copies that were used longest ago go first, and only so many that the others fit") {
  TempFolder folder;
  Shelf shelf{folder};
  const auto room = shape_of(length).file();
  const auto a = shelf.add(BlobState::kept), b = shelf.add(BlobState::kept), c = shelf.add(BlobState::kept);
  const auto use_again = [&](const BlobId& id) {
    const auto before = wall_time();
    while (wall_time() == before) continue;  // a use is known to the millisecond
    CHECK(shelf.has(id));
  };
  use_again(c);
  use_again(a);
  shelf.blobs.set_bound(2 * room + 10);
  shelf.run();
  CHECK_FALSE(shelf.has(b));
  CHECK(shelf.has(a));
  CHECK(shelf.has(c));
  CHECK(shelf.rows() == 2);
  CHECK(shelf.files() == 2);
  CHECK(shelf.blobs.counts().evicted == 1);
}

TEST_CASE("neither what the server has not got goes, nor what is in use") {
  TempFolder folder;
  Shelf shelf{folder};
  const auto owed = shelf.add(BlobState::owed, 1), offered = shelf.add(BlobState::offered);
  const auto used = shelf.add(BlobState::kept), idle = shelf.add(BlobState::kept);
  auto in_use = shelf.await(shelf.blobs.find(used, shape_of(length)));
  shelf.blobs.set_bound(0);
  shelf.run();
  CHECK(shelf.has(owed));
  CHECK(shelf.has(offered));
  CHECK(shelf.has(used));
  CHECK_FALSE(shelf.has(idle));
  in_use = {};
  REQUIRE(shelf.await(shelf.blobs.confirm(owed)));  // from now on a copy
  CHECK_FALSE(shelf.has(owed));
  CHECK_FALSE(shelf.has(used));
}

TEST_CASE("commits wait for the first blob that is owed, and for all when their numbers were others") {
  TempFolder folder;
  Shelf shelf{folder};
  const auto first = [&shelf] {
    return shelf.store->read([](const store::ReadTxn& tx) { return first_waiting(tx); }).value();
  };
  CHECK_FALSE(first());
  shelf.add(BlobState::kept, 1);
  shelf.add(BlobState::offered, 2);
  CHECK_FALSE(first());
  const auto late = shelf.add(BlobState::owed, 9), early = shelf.add(BlobState::owed, 5);
  CHECK(first() == 5u);
  CHECK(shelf.blobs.owed().value().front().second.seq == 2);
  REQUIRE(shelf.await(shelf.blobs.confirm(early)));
  CHECK(first() == 9u);
  auto roll = [](store::WriteTxn& tx) { forget_places(tx); };
  REQUIRE(shelf.await(shelf.writer.write(std::move(roll))));
  CHECK(first() == 0u);
  REQUIRE(shelf.await(shelf.blobs.confirm(late)));
  CHECK_FALSE(first());
}

TEST_CASE("a copy that would not fit is not begun") {
  TempFolder folder;
  Shelf shelf{folder};
  const auto hashes = std::make_shared<const std::vector<Hash>>(1);
  const store::BlobRow row{.length = length, .root = {}, .seq = 0, .state = 0};
  shelf.blobs.set_bound(shape_of(length).file() - 1);
  CHECK_FALSE(shelf.await(shelf.blobs.begin_copy(crypto::new_blob_id(), row, hashes)));
  shelf.blobs.set_bound(shape_of(length).file());
  const auto id = crypto::new_blob_id();
  auto copy = shelf.await(shelf.blobs.begin_copy(id, row, hashes));
  REQUIRE(copy);
  CHECK(shelf.await(shelf.blobs.admits(copy, shape_of(length).sealed())));
  CHECK_FALSE(shelf.await(shelf.blobs.admits(copy, shape_of(length).sealed())));
  CHECK(shelf.rows() == 1);
}

TEST_CASE("a size is a number with or without a unit") {
  CHECK(bytes_from("0").value() == 0);
  CHECK(bytes_from("1000000").value() == 1'000'000);
  CHECK(bytes_from("512M").value() == 512ull << 20);
  CHECK(bytes_from("1.5G").value() == 3ull << 29);
  for (const auto* bad : {"", "M", "-1", "1X", "1MB", "1e3", "nan", "9999999999999T"}) CHECK_FALSE(bytes_from(bad));
}

}  // namespace blobs_test
