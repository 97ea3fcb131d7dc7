// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/get.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "crypto/blob.hpp"
#include "daemon/errc/errc.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;

class Download {
 public:
  Download(Blobs& blobs, Threads& threads, BlobServer server, std::shared_ptr<const crypto::BlobRef> ref,
           BlobRange range, ClientFile& to, std::function<void()> moved, asio::any_io_executor executor)
      : threads_(threads),
        vault_(server.vault),
        ref_(std::move(ref)),
        range_(range),
        to_(to),
        moved_(std::move(moved)),
        chunks_(blobs, threads, server, ref_->id, row_of(*ref_, store::BlobState::kept)),
        first_(range.offset / crypto::chunk_bytes),
        last_((range.offset + range.length - 1) / crypto::chunk_bytes),
        next_(first_),
        done_(first_),
        changed_(std::move(executor), asio::steady_timer::time_point::max()) {}

  asio::awaitable<Result<std::uint64_t>> run();

 private:
  asio::awaitable<void> lanes();
  asio::awaitable<void> lane();
  asio::awaitable<Result<void>> consume();
  asio::awaitable<Result<void>> write_out();
  asio::awaitable<Result<Secret>> open(std::uint64_t index, Sealed chunk);
  std::size_t size_of(std::uint64_t index) const;  // bytes of its data
  void notify() { changed_.cancel(); }

  Threads& threads_;
  VaultId vault_;
  std::shared_ptr<const crypto::BlobRef> ref_;
  BlobRange range_;
  ClientFile& to_;
  std::function<void()> moved_;
  BlobChunks chunks_;
  std::uint64_t first_, last_;  // chunks
  std::uint64_t next_, done_;   // chunk to obtain next, and to write out next
  std::map<std::uint64_t, Sealed> ready_;
  boost::system::error_code failed_;
  std::uint64_t written_ = 0;
  asio::steady_timer changed_;  // ends early whenever any of these has changed
};

std::size_t Download::size_of(std::uint64_t index) const {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(crypto::chunk_bytes, ref_->length - index * crypto::chunk_bytes));
}

// Fetches chunks ahead. Runs until cancelled: write_out() decides when all is done.
asio::awaitable<void> Download::lane() {
  for (;;) {
    while (failed_ || next_ > last_ || next_ >= done_ + limits::blob_transfers)
      co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto index = next_++;
    auto chunk = co_await chunks_.obtain(index);
    if (chunk) ready_.emplace(index, std::move(*chunk));
    else if (!failed_) failed_ = chunk.error();
    notify();
  }
}

asio::awaitable<void> Download::lanes() { co_await (lane() && lane() && lane()); }

asio::awaitable<Result<Secret>> Download::open(std::uint64_t index, Sealed chunk) {
  const crypto::BlobPlace place{0, vault_, {}, ref_->id, index, chunks_.shape().count};
  auto work = [ref = ref_, place, chunk = std::move(chunk), size = size_of(index)] {
    return crypto::open_chunk(ref->key, place, chunk.view(), size);
  };
  auto data = co_await run_on(threads_.transfers, std::move(work));
  if (!data)
    co_return class_of(data.error()) == Errc::tamper ? make_error_code(DaemonErrc::value_damaged) : data.error();
  co_return data;
}

asio::awaitable<Result<void>> Download::write_out() {
  for (; done_ <= last_; ++done_, notify()) {
    while (!failed_ && !ready_.contains(done_)) co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto at = ready_.find(done_);
    if (at == ready_.end()) co_return failed_;
    auto chunk = std::move(at->second);
    ready_.erase(at);
    auto data = co_await open(done_, std::move(chunk));
    if (!data) co_return data.error();
    const auto begin = static_cast<std::size_t>(done_ == first_ ? range_.offset % crypto::chunk_bytes : 0);
    const auto size = std::min<std::uint64_t>(data->size() - begin, range_.length - written_);
    auto part =
        std::make_shared<const Secret>(Secret::copy_of(data->view().subspan(begin, static_cast<std::size_t>(size))));
    if (const auto done = co_await to_.write(part); !done) co_return done.error();
    written_ += size;
    moved_();
  }
  co_return Result<void>{};
}

// Turns exceptions into results. If both operands of `||` throw, Asio reports neither, only multiple_exceptions.
asio::awaitable<Result<void>> Download::consume() {
  try {
    co_return co_await write_out();
  } catch (const boost::system::system_error& e) {
    co_return e.code();
  }
}

asio::awaitable<Result<std::uint64_t>> Download::run() {
  if (const auto ready = co_await chunks_.prepare(); !ready) co_return ready.error();
  const auto outcome = co_await (consume() || lanes());
  const auto& done = std::get<0>(outcome);
  if (!done) co_return done.error();
  co_return written_;
}

}  // namespace

asio::awaitable<Result<std::uint64_t>> give_out(Blobs& blobs, Threads& threads, BlobServer server,
                                                std::shared_ptr<const crypto::BlobRef> ref, BlobRange range,
                                                ClientFile& to, std::function<void()> moved) {
  auto executor = co_await asio::this_coro::executor;
  Download download{blobs, threads, server, std::move(ref), range, to, std::move(moved), std::move(executor)};
  co_return co_await download.run();
}

}  // namespace vault::daemon
