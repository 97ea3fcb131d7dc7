// SPDX-License-Identifier: Apache-2.0
// Gets the sealed chunks of one large value, from this disk or the server. Needs no key.
//
// Before any chunk is asked for, the hashes of all chunks must give the root in the record; then each chunk must have
// its hash. What was fetched stays on this disk as long as there is room.
#pragma once

#include "daemon/remote/remote.hpp"
#include "daemon/state/blobs.hpp"

namespace vault::daemon {

// Says where to fetch chunks that are not here.
struct BlobServer {
  Remote* remote = nullptr;
  boost::system::error_code none;  // why there is no server
  VaultId vault;
};

class BlobChunks {
 public:
  BlobChunks(Blobs& blobs, Threads& threads, BlobServer server, const BlobId& id, const store::BlobRow& row);

  const store::BlobShape& shape() const { return shape_; }

  // prepare() gets the hashes, obtain() a chunk. Errors: value_damaged, blob_missing; offline and others of Remote;
  // store_damaged for a value that was not sent yet.
  asio::awaitable<Result<void>> prepare();
  asio::awaitable<Result<Sealed>> obtain(std::uint64_t index);  // requires: prepare() succeeded

  const Hash& hash(std::uint64_t index) const { return (*hashes_)[index]; }  // requires: prepare() succeeded

 private:
  using Hashes = std::shared_ptr<const std::vector<Hash>>;
  asio::awaitable<Hashes> local_hashes();
  asio::awaitable<Result<Hashes>> ask_hashes();
  asio::awaitable<std::optional<Sealed>> local(std::uint64_t index);
  asio::awaitable<Result<Sealed>> fetch(std::uint64_t index);

  Blobs& blobs_;
  Threads& threads_;
  BlobServer server_;
  BlobId id_;
  store::BlobRow row_;
  store::BlobShape shape_;
  Blobs::Local local_;
  Hashes hashes_;
};

}  // namespace vault::daemon
