// SPDX-License-Identifier: Apache-2.0
// Keeps the large values (blobs) on this disk: which, how much room they take, which may go. store/SCHEMA.md.
//
// A blob that the server lacks stays. Copies of those it has stay within a bound, those used last first. Lives on the
// event loop; files are touched on Threads::transfers, rows on the writer's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>

#include "base/limits.hpp"
#include "crypto/record.hpp"
#include "daemon/os/threads.hpp"
#include "daemon/state/writer.hpp"
#include "store/blob_file.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

store::BlobShape shape_of(std::uint64_t length);  // requires: length >= 1, bytes
store::BlobRow row_of(const crypto::BlobRef& ref, store::BlobState state);

struct BlobCounts {
  std::uint64_t fetched = 0;  // chunks
  std::uint64_t evicted = 0;  // blobs
};

class Blobs {
 public:
  struct Entry {
    store::BlobState state = store::BlobState::kept;
    std::uint64_t room = 0;  // bytes on the disk
    std::uint64_t used = 0;  // last use, ms since 1970
  };

  // Holds a blob in use: its file stays while this lives.
  struct Local {
    std::shared_ptr<Entry> entry;
    std::shared_ptr<store::BlobFile> file;
    explicit operator bool() const { return file != nullptr; }
  };

  Blobs(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store, Writer& writer,
        const std::filesystem::path& state);

  // Reads which blobs are here, as the rows say, and removes all other files. Requires: no transfer has begun.
  Result<void> load();

  std::uint64_t bound() const { return bound_; }
  void set_bound(std::uint64_t bytes);  // bytes that copies may take

  // Makes a file for a new blob; its name is durable on return. Errors: disk_full, storage.
  asio::awaitable<Result<Local>> make(BlobId id, store::BlobShape shape);
  // Makes a file for chunks that need not outlive this process. Errors: disk_full, storage.
  asio::awaitable<Result<Local>> make_scratch(store::BlobShape shape);
  // keep() enters a file from make() as a blob that is here; drop() removes entry and file.
  void keep(const BlobId& id, const Local& made, store::BlobState state);
  void drop(const BlobId& id);

  // Returns the blob that is here, or an empty Local.
  asio::awaitable<Local> find(BlobId id, store::BlobShape shape);

  // Makes an empty copy, with its hashes, of a blob that the server has; empty Local if there is no room for it.
  asio::awaitable<Local> begin_copy(BlobId id, store::BlobRow row, std::shared_ptr<const std::vector<Hash>> hashes);
  asio::awaitable<bool> admits(Local copy, std::uint64_t bytes);  // true if `bytes` more of it fit; counts them

  // Records that the server has the whole blob. Errors: storage.
  asio::awaitable<Result<void>> confirm(BlobId id);

  // Marks all copies to be offered again, since the server has lost some blobs. Errors: storage.
  asio::awaitable<Result<void>> offer_copies();

  // Returns the rows of blobs that the server must still be given, the first needed first.
  Result<std::vector<std::pair<BlobId, store::BlobRow>>> owed() const;
  std::uint64_t owed_bytes() const;  // sealed size of all owed()
  std::uint64_t copies() const;      // bytes on the disk that copies take

  void fetched_one() { ++counts_.fetched; }
  const BlobCounts& counts() const { return counts_; }  // since the start

 private:
  using Made = Result<store::BlobFile> (*)(const std::filesystem::path&, const store::BlobShape&);
  asio::awaitable<Result<std::shared_ptr<store::BlobFile>>> make_file(std::string name, store::BlobShape shape,
                                                                      Made made);
  std::filesystem::path path_of(const BlobId& id) const;
  void remove_strangers();
  asio::awaitable<void> make_room(std::uint64_t bytes);
  asio::awaitable<void> remove_rows(std::vector<BlobId> ids);
  std::vector<BlobId> choose(std::uint64_t bytes);

  asio::any_io_executor executor_;
  Threads& threads_;
  std::shared_ptr<store::Store> store_;
  Writer& writer_;
  std::filesystem::path folder_;
  std::uint64_t bound_ = limits::blob_cache_bytes;
  std::map<BlobId, std::shared_ptr<Entry>> entries_;
  BlobCounts counts_;
};

// Returns the seq of the first own commit that waits until a blob is at the server; nullopt if none waits.
std::optional<std::uint64_t> first_waiting(const store::ReadTxn& tx);

// Makes every own commit wait for each owed blob, since the commits have new numbers.
void forget_places(store::WriteTxn& tx);

// Parses a number of bytes as a person writes it: "512M", "1.5G", "0", "1000000"; K, M, G, T by 1024. Errors: usage.
Result<std::uint64_t> bytes_from(std::string_view text);

}  // namespace vault::daemon
