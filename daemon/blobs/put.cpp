// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/put.hpp"

#include "base/fault_point.hpp"
#include "crypto/blob.hpp"
#include "daemon/errc/errc.hpp"
#include "store/errc.hpp"

namespace vault::daemon {

Incoming::Incoming(Incoming&& from) noexcept
    : value_(std::move(from.value_)),
      ref_(std::move(from.ref_)),
      local_(std::move(from.local_)),
      blobs_(std::exchange(from.blobs_, nullptr)) {}

Incoming::~Incoming() {
  if (blobs_ != nullptr) blobs_->drop(ref_->id);
}

void Incoming::keep() {
  if (blobs_ != nullptr) std::exchange(blobs_, nullptr)->keep(ref_->id, local_, store::BlobState::owed);
}

namespace {

constexpr std::uint64_t sync_every = 64;  // chunks: keeps dirty pages few and the last sync short

// Seals the chunks of one blob into one file. Runs on a thread for transfers, one call at a time.
class Chunks {
 public:
  Chunks(const Unlocked& vault, std::uint64_t count)
      : place_{vault.keychain->head().suite,
               vault.keychain->head().vault,
               vault.self(),
               crypto::new_blob_id(),
               0,
               count},
        key_(crypto::new_blob_key()) {}

  const BlobId& id() const { return place_.blob; }
  void open(std::shared_ptr<store::BlobFile> file) { file_ = std::move(file); }
  store::BlobFile& file() { return *file_; }

  Result<void> add(BytesView data) {
    place_.index = next_++;
    const auto sealed = crypto::seal_chunk(key_, place_, data);
    hashes_.push_back(crypto::TreeHash::leaf(sealed.view()));
    if (const auto written = file_->write(place_.index, sealed); !written) return written;
    return next_ % sync_every == 0 ? file_->sync() : Result<void>{};
  }

  Result<Secret> get(std::uint64_t index) const {  // requires: a whole chunk
    const auto sealed = file_->read(index);
    if (!sealed) return sealed.error();
    auto place = place_;
    place.index = index;
    if (!*sealed) return StoreErrc::store_damaged;
    auto data = crypto::open_chunk(key_, place, (*sealed)->view(), crypto::chunk_bytes);
    return data ? std::move(data) : Result<Secret>{StoreErrc::store_damaged};
  }

  // Makes the file complete and durable. Returns the reference to the blob.
  Result<crypto::BlobRef> finish(std::uint64_t length) {
    crypto::TreeHash tree;
    for (const auto& hash : hashes_) tree.add(hash);
    if (const auto written = file_->write_hashes(hashes_); !written) return written.error();
    if (const auto synced = file_->sync(); !synced) return synced.error();
    fault_point("put.file-durable");
    return crypto::BlobRef{place_.blob, std::move(key_), length, tree.root()};
  }

 private:
  crypto::BlobPlace place_;
  crypto::BlobKey key_;
  std::shared_ptr<store::BlobFile> file_;
  std::vector<Hash> hashes_;
  std::uint64_t next_ = 0;
};

class Intake {
 public:
  Intake(Blobs& blobs, Threads& threads, std::shared_ptr<const Unlocked> vault, ClientFile& from,
         std::function<void()> moved)
      : blobs_(blobs), threads_(threads), vault_(std::move(vault)), from_(from), moved_(std::move(moved)) {}

  asio::awaitable<Result<Incoming>> run(std::optional<std::uint64_t> length);

 private:
  asio::awaitable<Result<Secret>> next(std::size_t most);
  asio::awaitable<Result<Incoming>> known(Secret first, std::uint64_t length);
  asio::awaitable<Result<Incoming>> unknown(Secret first);
  asio::awaitable<Result<void>> seal(std::shared_ptr<Chunks> chunks, Secret data);
  asio::awaitable<Result<Incoming>> finish(std::shared_ptr<Chunks> chunks, std::uint64_t length);
  asio::awaitable<Result<std::shared_ptr<Chunks>>> begin(std::uint64_t length);

  // Removes the file of an unfinished blob, however this ends, unless it became an Incoming.
  struct Unfinished {
    Blobs& blobs;
    std::optional<BlobId> id;
    ~Unfinished() {
      if (id) blobs.drop(*id);
    }
  };

  Blobs& blobs_;
  Threads& threads_;
  std::shared_ptr<const Unlocked> vault_;
  ClientFile& from_;
  std::function<void()> moved_;
  Blobs::Local local_;
  Unfinished unfinished_{blobs_, std::nullopt};
};

asio::awaitable<Result<Secret>> Intake::next(std::size_t most) {
  auto data = co_await from_.read(most);
  if (data && !data->empty()) moved_();
  co_return data;
}

asio::awaitable<Result<void>> Intake::seal(std::shared_ptr<Chunks> chunks, Secret data) {
  auto work = [chunks, data = std::move(data)] { return chunks->add(data.view()); };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<std::shared_ptr<Chunks>>> Intake::begin(std::uint64_t length) {
  const auto shape = shape_of(length);
  auto chunks = std::make_shared<Chunks>(*vault_, shape.count);
  auto local = co_await blobs_.make(chunks->id(), shape);
  if (!local) co_return local.error();
  unfinished_.id = chunks->id();
  local_ = std::move(*local);
  chunks->open(local_.file);
  co_return chunks;
}

asio::awaitable<Result<Incoming>> Intake::finish(std::shared_ptr<Chunks> chunks, std::uint64_t length) {
  auto work = [chunks, length] { return chunks->finish(length); };
  auto ref = co_await run_on(threads_.transfers, std::move(work));
  if (!ref) co_return ref.error();
  unfinished_.id.reset();
  co_return Incoming{blobs_, std::make_shared<const crypto::BlobRef>(std::move(*ref)), std::move(local_)};
}

asio::awaitable<Result<Incoming>> Intake::run(std::optional<std::uint64_t> length) {
  if (length && *length > limits::blob_bytes) co_return DaemonErrc::blob_too_large;
  const auto of_file = from_.left();
  if (of_file && length.value_or(*of_file) != *of_file) co_return DaemonErrc::input_length_wrong;
  if (of_file && *of_file > limits::blob_bytes) co_return DaemonErrc::blob_too_large;
  if (of_file) length = of_file;
  const auto due = std::min<std::uint64_t>(length.value_or(crypto::chunk_bytes), crypto::chunk_bytes);
  auto first = co_await next(static_cast<std::size_t>(due));
  if (!first) co_return first.error();
  const bool ended = !length && first->size() < crypto::chunk_bytes;
  if (ended) length = first->size();
  if (!length) co_return co_await unknown(std::move(*first));
  co_return co_await known(std::move(*first), *length);
}

asio::awaitable<Result<Incoming>> Intake::known(Secret data, std::uint64_t length) {
  std::shared_ptr<Chunks> chunks;
  if (length > limits::value_bytes) {
    auto begun = co_await begin(length);
    if (!begun) co_return begun.error();
    chunks = std::move(*begun);
  }
  Secret small;
  for (std::uint64_t done = 0; done < length;) {
    const auto due = std::min<std::uint64_t>(length - done, crypto::chunk_bytes);
    if (done > 0) {
      auto more = co_await next(static_cast<std::size_t>(due));
      if (!more) co_return more.error();
      data = std::move(*more);
    }
    if (data.size() != due) co_return DaemonErrc::input_length_wrong;
    done += due;
    if (!chunks) small = std::move(data);
    else if (const auto sealed = co_await seal(chunks, std::move(data)); !sealed) co_return sealed.error();
  }
  if (!from_.left()) {  // a file may grow meanwhile, a pipe must end
    const auto beyond = co_await next(1);
    if (!beyond) co_return beyond.error();
    if (!beyond->empty()) co_return DaemonErrc::input_length_wrong;
  }
  if (!chunks) co_return Incoming{std::move(small)};
  co_return co_await finish(std::move(chunks), length);
}

// Takes in a value of unknown length. Each chunk's header says how many chunks there are, so whole chunks are sealed
// under a temporary key until the end has come; the rest stays in memory.
asio::awaitable<Result<Incoming>> Intake::unknown(Secret data) {
  const auto passing = std::make_shared<Chunks>(*vault_, limits::blob_chunks);
  const auto scratch = co_await blobs_.make_scratch(shape_of(limits::blob_bytes));
  if (!scratch) co_return scratch.error();
  passing->open(scratch->file);
  std::uint64_t whole = 0;
  while (data.size() == crypto::chunk_bytes) {
    if (whole == limits::blob_chunks) co_return DaemonErrc::blob_too_large;
    if (const auto sealed = co_await seal(passing, std::move(data)); !sealed) co_return sealed.error();
    ++whole;
    auto more = co_await next(crypto::chunk_bytes);
    if (!more) co_return more.error();
    data = std::move(*more);
  }
  if (whole == limits::blob_chunks && !data.empty()) co_return DaemonErrc::blob_too_large;
  const auto length = whole * crypto::chunk_bytes + data.size();
  auto begun = co_await begin(length);
  if (!begun) co_return begun.error();
  const auto chunks = std::move(*begun);
  for (std::uint64_t i = 0; i < whole; ++i) {
    auto again = [passing, chunks, i]() -> Result<void> {
      const auto chunk = passing->get(i);
      if (!chunk) return chunk.error();
      passing->file().forget(i);
      return chunks->add(chunk->view());
    };
    const auto sealed = co_await run_on(threads_.transfers, std::move(again));
    if (!sealed) co_return sealed.error();
    moved_();
  }
  if (!data.empty())
    if (const auto sealed = co_await seal(chunks, std::move(data)); !sealed) co_return sealed.error();
  co_return co_await finish(chunks, length);
}

}  // namespace

asio::awaitable<Result<Incoming>> take_in(Blobs& blobs, Threads& threads, std::shared_ptr<const Unlocked> vault,
                                          ClientFile& from, std::optional<std::uint64_t> length,
                                          std::function<void()> moved) {
  Intake intake{blobs, threads, std::move(vault), from, std::move(moved)};
  co_return co_await intake.run(length);
}

}  // namespace vault::daemon
