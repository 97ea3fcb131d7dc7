// SPDX-License-Identifier: Apache-2.0
// What every storage engine must do with large values.
#include <algorithm>

#include "base/limits.hpp"
#include "tests/server/storage_suite.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "wire/blob_chunk.hpp"
#include "wire/errc.hpp"

using namespace vault;
using namespace vault::server;
using tests::TempFolder;

namespace storage_blobs_test {
namespace {

template <class Id>
Id id(std::uint8_t n) {
  Id out;
  out.raw.fill(n);
  return out;
}
const auto vault_a = id<VaultId>(0xa0), vault_b = id<VaultId>(0xb0);
const auto movie = id<BlobId>(1), tune = id<BlobId>(2);

// Chunk `index`, and another one for each `branch`.
Chunk chunk(std::uint64_t index, std::uint64_t count, std::uint8_t branch = 1, std::size_t size = 100) {
  auto leaf = id<Hash>(branch);
  leaf.raw[31] = static_cast<std::uint8_t>(index);
  Bytes bytes(size, branch);
  bytes[0] = static_cast<std::uint8_t>(index);
  return {Sealed::from_untrusted(bytes), leaf, count};
}

// Two accounts "a" and "b", each with 100 bytes of keyring.
class Server {
 public:
  explicit Server(const tests::StorageEngine& engine, std::uint64_t quota = limits::quota_bytes)
      : engine_(engine), quota_(quota) {
    reopen();
    for (const auto& [name, vault] : {std::pair{"a", vault_a}, {"b", vault_b}}) {
      const KeyringVersion first{Sealed::from_untrusted(Bytes(100, vault.raw[0])), id<Hash>(vault.raw[0]), {}, {}};
      REQUIRE(storage->create_account(name, vault, first, {}));
    }
  }
  void reopen() {
    storage.reset();
    storage = engine_.open(folder_.path(), quota_);
  }
  PutChunk put(const VaultId& vault, const BlobId& blob, std::uint64_t index, const Chunk& what) {
    return storage->put_chunk(vault, blob, index, what).value();
  }
  std::vector<Hash> leaves(const VaultId& vault, const BlobId& blob) {
    const auto all = storage->leaves(vault, blob).value();
    return all ? all->leaves : std::vector<Hash>{};
  }
  std::optional<Sealed> at(const VaultId& vault, const BlobId& blob, std::uint64_t index) {
    return storage->chunk(vault, blob, index).value();
  }
  std::uint64_t used(std::string_view name) { return storage->find_account(name).value()->usage.bytes; }

  std::unique_ptr<Storage> storage;

 private:
  TempFolder folder_;
  const tests::StorageEngine& engine_;
  std::uint64_t quota_;
};

template <class Test>
void on_every_engine(Test test) {
  REQUIRE_FALSE(tests::storage_engines().empty());
  for (const auto& engine : tests::storage_engines()) {
    INFO(engine.name);
    test(engine);
  }
}

}  // namespace

TEST_CASE("storage: chunks come in any order, and a blob shows leaves of those that are there and zeros for others") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    CHECK(server.storage->leaves(vault_a, movie).value() == std::nullopt);
    CHECK(server.put(vault_a, movie, 2, chunk(2, 3)) == PutChunk::there);
    CHECK(server.leaves(vault_a, movie) == std::vector{Hash{}, Hash{}, chunk(2, 3).leaf});
    CHECK(server.put(vault_a, movie, 0, chunk(0, 3)) == PutChunk::there);
    CHECK(server.leaves(vault_a, movie) == std::vector{chunk(0, 3).leaf, Hash{}, chunk(2, 3).leaf});
    CHECK(server.at(vault_a, movie, 0) == chunk(0, 3).bytes);
    CHECK(server.at(vault_a, movie, 1) == std::nullopt);
    CHECK(server.at(vault_a, movie, 7) == std::nullopt);
    CHECK(server.used("a") == 300);
  });
}

TEST_CASE("storage: the first chunk of a place stays, and the same again is success and counts once") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (int again = 0; again < 3; ++again) CHECK(server.put(vault_a, movie, 0, chunk(0, 2)) == PutChunk::there);
    CHECK(server.put(vault_a, movie, 0, chunk(0, 2, 9)) == PutChunk::differs);
    CHECK(server.at(vault_a, movie, 0) == chunk(0, 2).bytes);
    CHECK(server.leaves(vault_a, movie).front() == chunk(0, 2).leaf);
    CHECK(server.used("a") == 200);
  });
}

TEST_CASE("storage: all chunks of a blob have the count of the first, another blob its own") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    CHECK(server.put(vault_a, movie, 1, chunk(1, 3)) == PutChunk::there);
    CHECK(server.put(vault_a, movie, 0, chunk(0, 2)) == PutChunk::differs);
    CHECK(server.put(vault_a, movie, 1, chunk(1, 4)) == PutChunk::differs);
    CHECK(server.leaves(vault_a, movie).size() == 3);
    CHECK(server.put(vault_a, tune, 0, chunk(0, 1)) == PutChunk::there);
    CHECK(server.used("a") == 300);
  });
}

TEST_CASE("storage: a full account takes no chunk, says so, and takes again the ones that it has") {
  on_every_engine([](const auto& engine) {
    Server server{engine, 350};
    CHECK(server.put(vault_a, movie, 0, chunk(0, 9)) == PutChunk::there);
    CHECK(server.put(vault_a, movie, 1, chunk(1, 9)) == PutChunk::there);
    CHECK(server.storage->put_chunk(vault_a, movie, 2, chunk(2, 9)).error() == WireErrc::quota);
    CHECK(server.at(vault_a, movie, 2) == std::nullopt);
    CHECK(server.leaves(vault_a, movie)[2].is_zero());
    CHECK(server.used("a") == 300);
    CHECK(server.put(vault_a, movie, 1, chunk(1, 9)) == PutChunk::there);
    CHECK(server.put(vault_a, movie, 2, chunk(2, 9, 1, 50)) == PutChunk::there);  // to the last byte
    CHECK(server.put(vault_b, movie, 0, chunk(0, 1)) == PutChunk::there);         // the other's room is its own
  });
}

TEST_CASE("storage: nothing of one vault's blobs is seen in another, whose blobs may have the same ids") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    server.put(vault_a, movie, 0, chunk(0, 2));
    CHECK(server.leaves(vault_b, movie).empty());
    CHECK(server.at(vault_b, movie, 0) == std::nullopt);
    CHECK(server.storage->blobs(vault_b, {}, 10).value().empty());
    CHECK(server.put(vault_b, movie, 0, chunk(0, 5, 7)) == PutChunk::there);
    CHECK(server.leaves(vault_a, movie).size() == 2);
    CHECK(server.at(vault_a, movie, 0) == chunk(0, 2).bytes);
    const auto nobody = id<VaultId>(9);
    CHECK(server.storage->put_chunk(nobody, movie, 0, chunk(0, 1)).error() == Errc::not_found);
    CHECK(server.storage->leaves(nobody, movie).error() == Errc::not_found);
    CHECK(server.storage->chunk(nobody, movie, 0).error() == Errc::not_found);
    CHECK(server.storage->blobs(nobody, {}, 10).error() == Errc::not_found);
  });
}

TEST_CASE("storage: blobs are listed in pages, each once however many chunks it has") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (const std::uint8_t n : std::initializer_list<std::uint8_t>{5, 255, 3, 0}) {
      server.put(vault_a, id<BlobId>(n), 0, chunk(0, 300));
      server.put(vault_a, id<BlobId>(n), 299, chunk(299, 300));
    }
    const auto listed = [&](const std::optional<BlobId>& after, std::size_t most) {
      return server.storage->blobs(vault_a, after, most).value();
    };
    const std::vector all{id<BlobId>(0), id<BlobId>(3), id<BlobId>(5), id<BlobId>(255)};
    CHECK(listed({}, 10) == all);
    CHECK(listed({}, 2) == std::vector{all[0], all[1]});
    CHECK(listed(all[1], 10) == std::vector{all[2], all[3]});
    CHECK(listed(all[3], 10).empty());
    CHECK(listed({}, 0).empty());
  });
}

TEST_CASE("storage: full chunks are there after the database was closed and opened, byte for byte") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto full = chunk(1, limits::blob_chunks, 3, wire::blob_chunk_bytes);
    server.put(vault_a, movie, 1, full);
    const auto account = server.storage->find_account("a").value();
    server.reopen();
    CHECK(server.at(vault_a, movie, 1) == full.bytes);
    CHECK(server.leaves(vault_a, movie).size() == limits::blob_chunks);
    CHECK(server.leaves(vault_a, movie)[1] == full.leaf);
    CHECK(server.storage->find_account("a").value() == account);
  });
}

TEST_CASE("storage: a removed account's chunks go, more than are removed at a time, and its neighbour's stay") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (std::uint64_t i = 0; i < 150; ++i) server.put(vault_a, i < 70 ? movie : tune, i, chunk(i, 150));
    server.put(vault_b, movie, 0, chunk(0, 1));
    REQUIRE(server.storage->remove_account("a"));
    CHECK(server.storage->leaves(vault_a, movie).error() == Errc::not_found);
    CHECK(server.at(vault_b, movie, 0) == chunk(0, 1).bytes);
    const KeyringVersion again{Sealed::from_untrusted(Bytes(100)), id<Hash>(0xc), {}, {}};
    REQUIRE(server.storage->create_account("a", vault_a, again, {}));
    CHECK(server.storage->blobs(vault_a, {}, 10).value().empty());
    CHECK(server.at(vault_a, movie, 0) == std::nullopt);
    CHECK(server.put(vault_a, movie, 0, chunk(0, 2)) == PutChunk::there);  // with another count than before
  });
}

}  // namespace storage_blobs_test
