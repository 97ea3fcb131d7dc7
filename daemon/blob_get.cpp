#include "daemon/blob_get.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "crypto/blob.hpp"
#include "crypto/seams.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;
using Hashes = std::shared_ptr<const std::vector<Hash>>;

bool give_root(const std::vector<Hash>& hashes, const crypto::BlobRef& ref) {
  if (hashes.size() != crypto::chunk_count(ref.length)) return false;
  crypto::TreeHash tree;
  for (const auto& hash : hashes) tree.add(hash);
  return tree.root() == ref.root;
}

// What the server says of a blob or chunk that it has not got.
boost::system::error_code as_gap(const boost::system::error_code& error) {
  return class_of(error) == Errc::not_found ? make_error_code(Errc::blob_missing) : error;
}

class Download {
 public:
  Download(Blobs& blobs, Threads& threads, BlobServer server, std::shared_ptr<const crypto::BlobRef> ref,
           BlobRange range, Conduit& to, std::function<void()> moved, asio::any_io_executor executor)
      : blobs_(blobs),
        threads_(threads),
        server_(server),
        ref_(std::move(ref)),
        range_(range),
        to_(to),
        moved_(std::move(moved)),
        shape_(shape_of(ref_->length)),
        first_(range.offset / crypto::chunk_bytes),
        last_((range.offset + range.length - 1) / crypto::chunk_bytes),
        next_(first_),
        done_(first_),
        changed_(std::move(executor), asio::steady_timer::time_point::max()) {}

  asio::awaitable<Result<std::uint64_t>> run();

 private:
  asio::awaitable<Result<void>> prepare();
  asio::awaitable<Hashes> local_hashes();
  asio::awaitable<Result<Hashes>> ask_hashes();
  asio::awaitable<void> lanes();
  asio::awaitable<void> lane();
  asio::awaitable<Result<Sealed>> obtain(std::uint64_t index);
  asio::awaitable<std::optional<Sealed>> local(std::uint64_t index);
  asio::awaitable<Result<Sealed>> fetch(std::uint64_t index);
  asio::awaitable<Result<void>> consume();
  asio::awaitable<Result<void>> write_out();
  asio::awaitable<Result<Secret>> open(std::uint64_t index, Sealed chunk);
  std::size_t size_of(std::uint64_t index) const;  // of its data
  void notify() { changed_.cancel(); }

  Blobs& blobs_;
  Threads& threads_;
  BlobServer server_;
  std::shared_ptr<const crypto::BlobRef> ref_;
  BlobRange range_;
  Conduit& to_;
  std::function<void()> moved_;
  store::BlobShape shape_;
  std::uint64_t first_, last_;  // chunks
  std::uint64_t next_, done_;   // to be obtained, and to be written out
  Blobs::Local local_;
  Hashes hashes_;
  std::map<std::uint64_t, Sealed> ready_;
  boost::system::error_code failed_;
  std::uint64_t written_ = 0;
  asio::steady_timer changed_;  // ends early whenever any of it has
};

std::size_t Download::size_of(std::uint64_t index) const {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(crypto::chunk_bytes, ref_->length - index * crypto::chunk_bytes));
}

asio::awaitable<Hashes> Download::local_hashes() {
  auto work = [file = local_.file, ref = ref_]() -> Hashes {
    auto hashes = file->read_hashes();
    if (!hashes || !give_root(*hashes, *ref)) return nullptr;
    return std::make_shared<const std::vector<Hash>>(std::move(*hashes));
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Hashes>> Download::ask_hashes() {
  if (server_.remote == nullptr) co_return server_.none;
  auto answer = co_await server_.remote->blob_leaves(ref_->id);
  if (!answer) co_return as_gap(answer.error());
  auto hashes = std::make_shared<const std::vector<Hash>>(std::move(answer->leaves));
  auto work = [hashes, ref = ref_]() -> Result<void> {
    if (give_root(*hashes, *ref)) return {};
    const bool right_count = hashes->size() == crypto::chunk_count(ref->length);
    const bool some_missing = std::ranges::any_of(*hashes, [](const Hash& hash) { return hash.is_zero(); });
    return right_count && some_missing ? Errc::blob_missing : Errc::value_damaged;
  };
  const auto good = co_await run_on(threads_.transfers, std::move(work));
  if (!good) co_return good.error();
  co_return hashes;
}

asio::awaitable<Result<void>> Download::prepare() {
  local_ = co_await blobs_.find(ref_->id, shape_);
  if (local_) hashes_ = co_await local_hashes();
  if (hashes_) co_return Result<void>{};
  if (local_ && local_.entry->state == store::BlobState::owed) co_return Errc::store_damaged;
  local_ = {};
  auto asked = co_await ask_hashes();
  if (!asked) co_return asked.error();
  hashes_ = std::move(*asked);
  local_ = co_await blobs_.begin_copy(ref_->id, row_of(*ref_, store::BlobState::kept), hashes_);
  co_return Result<void>{};
}

asio::awaitable<std::optional<Sealed>> Download::local(std::uint64_t index) {
  auto work = [file = local_.file, index, hash = (*hashes_)[index]]() -> std::optional<Sealed> {
    auto chunk = file->read(index);
    if (!chunk || !*chunk || crypto::TreeHash::leaf((*chunk)->view()) != hash) return std::nullopt;
    return std::move(*chunk);
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Sealed>> Download::fetch(std::uint64_t index) {
  if (server_.remote == nullptr) co_return server_.none;
  auto got = co_await server_.remote->chunk(ref_->id, index);
  if (!got) co_return as_gap(got.error());
  blobs_.fetched_one();
  const auto size = shape_.size(index);
  bool keeps = local_ && got->size() == size;
  if (keeps) keeps = co_await blobs_.admits(local_, size);
  auto work = [chunk = std::move(*got), file = keeps ? local_.file : nullptr, index,
               hash = (*hashes_)[index]]() mutable -> Result<Sealed> {
    if (crypto::TreeHash::leaf(chunk.view()) != hash) return Errc::value_damaged;
    if (file && file->write(index, chunk)) crypto::seams::fault_point("fetch.chunk-kept");
    return std::move(chunk);
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Sealed>> Download::obtain(std::uint64_t index) {
  if (local_) {
    auto chunk = co_await local(index);
    if (chunk) co_return std::move(*chunk);
    if (local_.entry->state == store::BlobState::owed) co_return Errc::store_damaged;
  }
  co_return co_await fetch(index);
}

// Never ends by itself: whoever writes out does.
asio::awaitable<void> Download::lane() {
  for (;;) {
    while (failed_ || next_ > last_ || next_ >= done_ + limits::blob_transfers)
      co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto index = next_++;
    auto chunk = co_await obtain(index);
    if (chunk) ready_.emplace(index, std::move(*chunk));
    else if (!failed_) failed_ = chunk.error();
    notify();
  }
}

asio::awaitable<void> Download::lanes() { co_await (lane() && lane() && lane()); }

asio::awaitable<Result<Secret>> Download::open(std::uint64_t index, Sealed chunk) {
  const crypto::BlobPlace place{0, server_.vault, {}, ref_->id, index, shape_.count};
  auto work = [ref = ref_, place, chunk = std::move(chunk), size = size_of(index)] {
    return crypto::open_chunk(ref->key, place, chunk.view(), size);
  };
  auto data = co_await run_on(threads_.transfers, std::move(work));
  if (!data) co_return class_of(data.error()) == Errc::tamper ? make_error_code(Errc::value_damaged) : data.error();
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

// That both sides of an || threw would be neither's error.
asio::awaitable<Result<void>> Download::consume() {
  try {
    co_return co_await write_out();
  } catch (const boost::system::system_error& e) {
    co_return e.code();
  }
}

asio::awaitable<Result<std::uint64_t>> Download::run() {
  if (const auto ready = co_await prepare(); !ready) co_return ready.error();
  const auto outcome = co_await (consume() || lanes());
  const auto& done = std::get<0>(outcome);
  if (!done) co_return done.error();
  co_return written_;
}

}  // namespace

asio::awaitable<Result<std::uint64_t>> give_out(Blobs& blobs, Threads& threads, BlobServer server,
                                                std::shared_ptr<const crypto::BlobRef> ref, BlobRange range,
                                                Conduit& to, std::function<void()> moved) {
  auto executor = co_await asio::this_coro::executor;
  Download download{blobs, threads, server, std::move(ref), range, to, std::move(moved), std::move(executor)};
  co_return co_await download.run();
}

}  // namespace vault::daemon
