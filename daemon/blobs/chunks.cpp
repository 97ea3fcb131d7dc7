// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/chunks.hpp"

#include "base/fault_point.hpp"
#include "crypto/blob.hpp"
#include "daemon/errc/errc.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

bool give_root(const std::vector<Hash>& hashes, const store::BlobRow& row) {
  if (hashes.size() != crypto::chunk_count(row.length)) return false;
  crypto::TreeHash tree;
  for (const auto& hash : hashes) tree.add(hash);
  return tree.root() == row.root;
}

// Returns blob_missing if the server does not have the blob or chunk; any other error as it is.
boost::system::error_code as_gap(const boost::system::error_code& error) {
  return class_of(error) == Errc::not_found ? make_error_code(DaemonErrc::blob_missing) : error;
}

}  // namespace

BlobChunks::BlobChunks(Blobs& blobs, Threads& threads, BlobServer server, const BlobId& id, const store::BlobRow& row)
    : blobs_(blobs), threads_(threads), server_(server), id_(id), row_(row), shape_(shape_of(row.length)) {}

asio::awaitable<BlobChunks::Hashes> BlobChunks::local_hashes() {
  auto work = [file = local_.file, row = row_]() -> Hashes {
    auto hashes = file->read_hashes();
    if (!hashes || !give_root(*hashes, row)) return nullptr;
    return std::make_shared<const std::vector<Hash>>(std::move(*hashes));
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<BlobChunks::Hashes>> BlobChunks::ask_hashes() {
  if (server_.remote == nullptr) co_return server_.none;
  auto answer = co_await server_.remote->blob_leaves(id_);
  if (!answer) co_return as_gap(answer.error());
  auto hashes = std::make_shared<const std::vector<Hash>>(std::move(answer->leaves));
  auto work = [hashes, row = row_]() -> Result<void> {
    if (give_root(*hashes, row)) return {};
    const bool right_count = hashes->size() == crypto::chunk_count(row.length);
    const bool some_missing = std::ranges::any_of(*hashes, [](const Hash& hash) { return hash.is_zero(); });
    return right_count && some_missing ? DaemonErrc::blob_missing : DaemonErrc::value_damaged;
  };
  const auto good = co_await run_on(threads_.transfers, std::move(work));
  if (!good) co_return good.error();
  co_return hashes;
}

asio::awaitable<Result<void>> BlobChunks::prepare() {
  local_ = co_await blobs_.find(id_, shape_);
  if (local_) hashes_ = co_await local_hashes();
  if (hashes_) co_return Result<void>{};
  if (local_ && local_.entry->state == store::BlobState::owed) co_return StoreErrc::store_damaged;
  local_ = {};
  auto asked = co_await ask_hashes();
  if (!asked) co_return asked.error();
  hashes_ = std::move(*asked);
  local_ = co_await blobs_.begin_copy(id_, row_, hashes_);
  co_return Result<void>{};
}

asio::awaitable<std::optional<Sealed>> BlobChunks::local(std::uint64_t index) {
  auto work = [file = local_.file, index, hash = (*hashes_)[index]]() -> std::optional<Sealed> {
    auto chunk = file->read(index);
    if (!chunk || !*chunk || crypto::TreeHash::leaf((*chunk)->view()) != hash) return std::nullopt;
    return std::move(*chunk);
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Sealed>> BlobChunks::fetch(std::uint64_t index) {
  if (server_.remote == nullptr) co_return server_.none;
  auto got = co_await server_.remote->chunk(id_, index);
  if (!got) co_return as_gap(got.error());
  blobs_.fetched_one();
  const auto size = shape_.size(index);
  bool keeps = local_ && got->size() == size;
  if (keeps) keeps = co_await blobs_.admits(local_, size);
  auto work = [chunk = std::move(*got), file = keeps ? local_.file : nullptr, index,
               hash = (*hashes_)[index]]() mutable -> Result<Sealed> {
    if (crypto::TreeHash::leaf(chunk.view()) != hash) return DaemonErrc::value_damaged;
    if (file && file->write(index, chunk)) fault_point("fetch.chunk-kept");
    return std::move(chunk);
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Sealed>> BlobChunks::obtain(std::uint64_t index) {
  if (local_) {
    auto chunk = co_await local(index);
    if (chunk) co_return std::move(*chunk);
    if (local_.entry->state == store::BlobState::owed) co_return StoreErrc::store_damaged;
  }
  co_return co_await fetch(index);
}

}  // namespace vault::daemon
