// SPDX-License-Identifier: Apache-2.0
// The large values that are on this disk: which, how much room they take, and which may go. store/SCHEMA.md.
//
// A blob that the server has not got stays. Of copies of what it has, those used last stay, within a bound. Lives on
// the event loop; files are touched on Threads::transfers, rows by the writer.
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

store::BlobShape shape_of(std::uint64_t length);  // of a value of so many bytes, at least one
store::BlobRow row_of(const crypto::BlobRef& ref, store::BlobState state);

struct BlobCounts {
  std::uint64_t fetched = 0;  // chunks
  std::uint64_t evicted = 0;  // blobs
};

class Blobs {
 public:
  struct Entry {
    store::BlobState state = store::BlobState::kept;
    std::uint64_t room = 0;  // bytes of the disk
    std::uint64_t used = 0;  // ms; last
  };

  // A blob in use: while it lives its file stays.
  struct Local {
    std::shared_ptr<Entry> entry;
    std::shared_ptr<store::BlobFile> file;
    explicit operator bool() const { return file != nullptr; }
  };

  Blobs(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store, Writer& writer,
        const std::filesystem::path& state);

  // At start, before anything is under way: what is here is what rows say; other files are removed.
  Result<void> load();

  std::uint64_t bound() const { return bound_; }
  void set_bound(std::uint64_t bytes);  // of copies

  // A new file for a blob that nobody has yet; with its name durable. Errors: disk_full, storage.
  asio::awaitable<Result<Local>> make(BlobId id, store::BlobShape shape);
  // One for pieces that are not to outlive this process.
  asio::awaitable<Result<Local>> make_scratch(store::BlobShape shape);
  // What was made is to be there from now on, or to be gone.
  void keep(const BlobId& id, const Local& made, store::BlobState state);
  void drop(const BlobId& id);

  // Nothing, if it is not here.
  asio::awaitable<Local> find(BlobId id, store::BlobShape shape);

  // An empty copy of what the server has, to be filled, with its hashes; nothing if there is no room for it.
  asio::awaitable<Local> begin_copy(BlobId id, store::BlobRow row, std::shared_ptr<const std::vector<Hash>> hashes);
  asio::awaitable<bool> admits(Local copy, std::uint64_t bytes);  // room for so much more of it, and counts it

  // The server has all of it. Errors: storage.
  asio::awaitable<Result<void>> confirm(BlobId id);

  // The server has lost some of what it had: copies are to be sent again. Errors: storage.
  asio::awaitable<Result<void>> offer_copies();

  // Rows whose blob the server has to be given, the first needed first.
  Result<std::vector<std::pair<BlobId, store::BlobRow>>> owed() const;
  std::uint64_t owed_bytes() const;  // sealed
  std::uint64_t copies() const;      // bytes of the disk that copies take

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

// The first own commit that waits for a blob to be at the server, or none.
std::optional<std::uint64_t> first_waiting(const store::ReadTxn& tx);

// From now on any own commit waits for each blob: their numbers are others.
void forget_places(store::WriteTxn& tx);

// "512M", "1.5G", "0", "1000000": bytes as a person gives them, K, M, G and T by 1024. Errors: usage.
Result<std::uint64_t> bytes_from(std::string_view text);

}  // namespace vault::daemon
