// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/uploads.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/fault_point.hpp"
#include "crypto/blob.hpp"
#include "daemon/errc/errc.hpp"
#include "store/errc.hpp"
#include "wire/errc.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

bool have_root(const std::vector<Hash>& hashes, const Hash& root) {
  crypto::TreeHash tree;
  for (const auto& hash : hashes) tree.add(hash);
  return tree.root() == root;
}

}  // namespace

// Holds one blob while it is being sent.
struct Uploads::Work {
  BlobId id;
  store::BlobShape shape;
  bool offered = false;  // the server had it: chunks missing here too are no error
  Blobs::Local local;
  std::vector<Hash> hashes;
  std::vector<std::uint64_t> lacking;  // not at the server; the last is the next
  boost::system::error_code failed;
};

Uploads::Uploads(asio::any_io_executor executor, Threads& threads, Blobs& blobs, Remote& remote,
                 std::function<bool()> allowed, std::function<void()> sent)
    : executor_(executor),
      threads_(threads),
      blobs_(blobs),
      remote_(remote),
      allowed_(std::move(allowed)),
      sent_(std::move(sent)),
      wait_(executor, asio::steady_timer::time_point::max()),
      changed_(executor, asio::steady_timer::time_point::max()) {}

void Uploads::kick() {
  kicked_ = true;
  wait_.cancel();
}

bool Uploads::waiting() const {
  const auto rows = blobs_.owed();
  return rows && !rows->empty();
}

std::uint64_t Uploads::pending_bytes() const {
  const auto sum = blobs_.owed_bytes();
  return sum - std::min(sum, present_);
}

asio::awaitable<void> Uploads::wait_for(std::chrono::milliseconds time) {
  if (std::exchange(kicked_, false)) co_return;
  if (time == time.max()) wait_.expires_at(asio::steady_timer::time_point::max());
  else wait_.expires_after(time);
  co_await wait_.async_wait(tuple);
  kicked_ = false;
}

// Ends without throwing when cancelled: if both operands of `||` throw, only multiple_exceptions is reported.
asio::awaitable<void> Uploads::run() {
  try {
    co_await tries();
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;
  }
}

asio::awaitable<void> Uploads::tries() {
  for (;;) {
    if (!waiting() || !allowed_()) {
      co_await wait_for(std::chrono::milliseconds::max());
      continue;
    }
    const auto done = co_await send_all();
    present_ = 0;
    ++tried_;
    last_error_.reset();
    if (!done) last_error_ = done.error();
    else backoff_.reset();
    moved();
    if (!done) {
      log::info("a large value was not sent", {{"reason", done.error()}});
      const auto pause = backoff_.after(done.error());
      co_await wait_for(pause);
    }
  }
}

asio::awaitable<Result<void>> Uploads::send_all() {
  const auto rows = blobs_.owed();
  if (!rows) co_return rows.error();
  for (const auto& [id, row] : *rows) {
    if (!allowed_()) break;
    present_ = 0;
    if (const auto done = co_await send(id, row); !done) co_return done;
    if (const auto known = co_await blobs_.confirm(id); !known) co_return known;
    present_ = 0;
    moved();
    sent_();
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Uploads::send(BlobId id, store::BlobRow row) {
  Work work;
  work.id = id;
  work.shape = shape_of(row.length);
  work.offered = static_cast<store::BlobState>(row.state) == store::BlobState::offered;
  const Result<void> not_here = work.offered ? Result<void>{} : Result<void>{StoreErrc::store_damaged};
  work.local = co_await blobs_.find(id, work.shape);
  if (!work.local) co_return not_here;
  auto read = [file = work.local.file, root = row.root]() -> Result<std::vector<Hash>> {
    auto hashes = file->read_hashes();
    if (hashes && !have_root(*hashes, root)) return StoreErrc::store_damaged;
    return hashes;
  };
  auto hashes = co_await run_on(threads_.transfers, std::move(read));
  if (!hashes) co_return not_here;
  work.hashes = std::move(*hashes);
  auto missing = co_await lacking(work);
  if (!missing) co_return missing.error();
  work.lacking.assign(missing->rbegin(), missing->rend());
  co_await (lane(work) && lane(work) && lane(work));
  if (work.failed) co_return work.failed;
  co_return Result<void>{};
}

// Returns the chunks that the server lacks. Ids are random, so other bytes there are of the server's own making.
asio::awaitable<Result<std::vector<std::uint64_t>>> Uploads::lacking(Work& work) {
  const auto there = co_await remote_.blob_leaves(work.id);
  if (!there && class_of(there.error()) != Errc::not_found) co_return there.error();
  std::vector<std::uint64_t> out;
  if (there && there->leaves.size() != work.shape.count) co_return DaemonErrc::value_damaged;
  for (std::uint64_t i = 0; i < work.shape.count; ++i) {
    const bool absent = !there || there->leaves[i].is_zero();
    if (!absent && there->leaves[i] != work.hashes[i]) co_return DaemonErrc::value_damaged;
    if (absent) out.push_back(i);
    else present_ += work.shape.size(i);
  }
  co_return out;
}

// Turns exceptions into work.failed. If several operands of `&&` throw, only multiple_exceptions is reported.
asio::awaitable<void> Uploads::lane(Work& work) {
  try {
    co_await send_some(work);
  } catch (const boost::system::system_error& e) {
    work.failed = e.code();
  }
}

asio::awaitable<void> Uploads::send_some(Work& work) {
  while (!work.failed && !work.lacking.empty() && allowed_()) {
    const auto index = work.lacking.back();
    work.lacking.pop_back();
    const auto sent = co_await send_chunk(work, index);
    if (!sent && !work.failed) work.failed = sent.error();
  }
  if (!work.lacking.empty() && !work.failed) work.failed = Errc::offline;  // a round of sync has failed meanwhile
}

asio::awaitable<Result<void>> Uploads::send_chunk(Work& work, std::uint64_t index) {
  struct Ready {
    Bytes body;
    Hash hash;  // of the body; a request signs it
  };
  auto read = [file = work.local.file, index, leaf = work.hashes[index]]() -> Result<Ready> {
    const auto chunk = file->read(index);
    if (!chunk) return chunk.error();
    if (!*chunk || crypto::TreeHash::leaf((*chunk)->view()) != leaf) return StoreErrc::store_damaged;
    const auto bytes = (*chunk)->view();
    return Ready{Bytes(bytes.begin(), bytes.end()), crypto::sha256(bytes)};
  };
  auto ready = co_await run_on(threads_.transfers, std::move(read));
  if (!ready && work.offered) co_return Result<void>{};
  if (!ready) co_return ready.error();
  fault_point("upload.before-send");
  const auto size = ready->body.size();
  const auto put = co_await remote_.put_chunk(work.id, index, std::move(ready->body), ready->hash);
  if (!put && class_of(put.error()) == Errc::limit) co_return WireErrc::quota;
  if (!put && class_of(put.error()) == Errc::conflict) co_return DaemonErrc::value_damaged;
  if (!put) co_return put;
  fault_point("upload.chunk-sent");
  present_ += size;
  ++counts_.chunks;
  counts_.bytes += size;
  moved();
  co_return put;
}

asio::awaitable<Result<void>> Uploads::settled(std::chrono::seconds patience,
                                               std::optional<std::chrono::steady_clock::time_point> end) {
  const auto tries_before = tried_;
  kick();
  for (;;) {
    if (!waiting()) co_return Result<void>{};
    if (tried_ != tries_before && last_error_) co_return *last_error_;
    asio::steady_timer timer{executor_, end.value_or(std::chrono::steady_clock::now() + patience)};
    const auto first = co_await (changed_.async_wait(tuple) || timer.async_wait(asio::use_awaitable));
    if (first.index() == 1) co_return Errc::busy;
  }
}

}  // namespace vault::daemon
