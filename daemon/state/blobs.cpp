// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/blobs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>

#include "base/fault_point.hpp"
#include "base/hex.hpp"
#include "crypto/blob.hpp"
#include "daemon/os/wall_time.hpp"
#include "store/error.hpp"
#include "store/folder.hpp"

namespace vault::daemon {

namespace fs = std::filesystem;
using store::BlobState;

namespace {

constexpr std::string_view suffix = ".blob";

std::string name_of(const BlobId& id) { return hex(id) + std::string{suffix}; }

bool waits(const store::BlobRow& row) { return static_cast<BlobState>(row.state) == BlobState::owed; }

// Makes the folder, or checks the one that is there. Its name is durable: the parent is synced too.
Result<void> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return store::sync_folder(folder.parent_path());
  if (errno != EEXIST) return store::errno_error();
  return store::check_folder(folder);
}

}  // namespace

store::BlobShape shape_of(std::uint64_t length) {
  const auto count = crypto::chunk_count(length);
  return {.count = count,
          .full = crypto::sealed_chunk_size(crypto::chunk_bytes, 0),
          .last = crypto::sealed_chunk_size(length, count - 1)};
}

store::BlobRow row_of(const crypto::BlobRef& ref, BlobState state) {
  return {.length = ref.length, .root = ref.root, .seq = 0, .state = static_cast<std::uint8_t>(state)};
}

std::optional<std::uint64_t> first_waiting(const store::ReadTxn& tx) {
  std::optional<std::uint64_t> first;
  tx.scan(store::blobs, store::Range<BlobId>::all(), [&first](const BlobId&, const store::BlobRow& row) {
    if (waits(row)) first = std::min(first.value_or(row.seq), row.seq);
  });
  return first;
}

void forget_places(store::WriteTxn& tx) {
  std::vector<std::pair<BlobId, store::BlobRow>> rows;
  tx.scan(store::blobs, store::Range<BlobId>::all(),
          [&rows](const BlobId& id, const store::BlobRow& row) { rows.emplace_back(id, row); });
  for (auto& [id, row] : rows) {
    row.seq = 0;
    tx.put(store::blobs, id, row);
  }
}

Blobs::Blobs(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store, Writer& writer,
             const fs::path& state)
    : executor_(std::move(executor)),
      threads_(threads),
      store_(std::move(store)),
      writer_(writer),
      folder_(state / "blobs") {}

fs::path Blobs::path_of(const BlobId& id) const { return folder_ / name_of(id); }

Result<void> Blobs::load() {
  std::vector<BlobId> gone;
  const auto read = store_->read([&](const store::ReadTxn& tx) {
    tx.scan(store::blobs, store::Range<BlobId>::all(), [&](const BlobId& id, const store::BlobRow& row) {
      const auto info = store::blob_file_info(path_of(id));
      const auto state = static_cast<BlobState>(row.state);
      if (info) entries_[id] = std::make_shared<Entry>(Entry{state, info->room, info->used});
      else if (state != BlobState::owed) gone.push_back(id);
      else log::error("a large value that was not sent yet is gone from the disk");
    });
  });
  if (!read) return read.error();
  remove_strangers();
  if (!gone.empty()) spawn(executor_, "forgetting large values", remove_rows(std::move(gone)));
  return {};
}

// Removes files without a row: puts and evictions that the end of a process cut short.
void Blobs::remove_strangers() {
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator{folder_, ignored}) {
    const auto name = file.path().filename().string();
    const auto id =
        name.ends_with(suffix) ? unhex_fixed<BlobId>(name.substr(0, name.size() - suffix.size())) : std::nullopt;
    if (!id || !entries_.contains(*id)) fs::remove(file.path(), ignored);
  }
}

void Blobs::set_bound(std::uint64_t bytes) {
  bound_ = bytes;
  spawn(executor_, "making room", make_room(0));
}

asio::awaitable<Result<std::shared_ptr<store::BlobFile>>> Blobs::make_file(std::string name, store::BlobShape shape,
                                                                           Made made) {
  using File = Result<std::shared_ptr<store::BlobFile>>;
  auto work = [folder = folder_, name = std::move(name), shape, made]() -> File {
    if (const auto ready = make_folder(folder); !ready) return ready.error();
    auto file = made(folder / name, shape);
    if (!file) return file.error();
    return std::make_shared<store::BlobFile>(std::move(*file));
  };
  co_return co_await run_on(threads_.transfers, std::move(work));
}

asio::awaitable<Result<Blobs::Local>> Blobs::make(BlobId id, store::BlobShape shape) {
  const Made reserved = [](const fs::path& path, const store::BlobShape& s) -> Result<store::BlobFile> {
    auto file = store::BlobFile::create(path, s, true);
    if (!file) return file;
    if (const auto named = store::sync_folder(path.parent_path()); !named) {
      std::error_code ignored;
      fs::remove(path, ignored);
      return named.error();
    }
    return file;
  };
  auto name = name_of(id);
  auto file = co_await make_file(std::move(name), shape, reserved);
  if (!file) co_return file.error();
  co_return Local{std::make_shared<Entry>(Entry{BlobState::owed, shape.file(), wall_time()}), std::move(*file)};
}

asio::awaitable<Result<Blobs::Local>> Blobs::make_scratch(store::BlobShape shape) {
  auto name = hex(crypto::new_blob_id()) + ".scratch";
  auto file = co_await make_file(std::move(name), shape, &store::BlobFile::scratch);
  if (!file) co_return file.error();
  co_return Local{nullptr, std::move(*file)};
}

void Blobs::keep(const BlobId& id, const Local& made, BlobState state) {
  made.entry->state = state;
  entries_[id] = made.entry;
}

// Removes the entry now and its file later. Nobody waits: if the process ends before, the next start removes the file.
void Blobs::drop(const BlobId& id) {
  entries_.erase(id);
  asio::post(threads_.transfers, [path = path_of(id)] {
    std::error_code ignored;
    fs::remove(path, ignored);
  });
}

asio::awaitable<Blobs::Local> Blobs::find(BlobId id, store::BlobShape shape) {
  const auto at = entries_.find(id);
  if (at == entries_.end()) co_return Local{};
  const auto entry = at->second;
  entry->used = wall_time();
  auto work = [path = path_of(id), shape] {
    auto file = store::BlobFile::open(path, shape);
    if (file) file->touch();
    return file ? std::make_shared<store::BlobFile>(std::move(*file)) : nullptr;
  };
  auto file = co_await run_on(threads_.transfers, std::move(work));
  co_return Local{entry, std::move(file)};
}

asio::awaitable<Blobs::Local> Blobs::begin_copy(BlobId id, store::BlobRow row,
                                                std::shared_ptr<const std::vector<Hash>> hashes) {
  const auto shape = shape_of(row.length);
  if (shape.file() > bound_ || entries_.contains(id)) co_return Local{};
  const Made sparse = [](const fs::path& path, const store::BlobShape& s) {
    return store::BlobFile::create(path, s, false);
  };
  auto name = name_of(id);
  auto file = co_await make_file(std::move(name), shape, sparse);  // an existing file is another call's
  if (!file) co_return Local{};
  auto fill = [file = *file, hashes] { return file->write_hashes(*hashes); };
  const auto filled = co_await run_on(threads_.transfers, std::move(fill));
  auto put = [id, row](store::WriteTxn& tx) { tx.put(store::blobs, id, row); };
  Result<void> known = filled;
  if (known) known = co_await writer_.write(std::move(put));
  if (!known) {
    drop(id);
    co_return Local{};
  }
  Local out{std::make_shared<Entry>(Entry{BlobState::kept, 0, wall_time()}), std::move(*file)};
  entries_[id] = out.entry;
  co_return out;
}

asio::awaitable<bool> Blobs::admits(Local copy, std::uint64_t bytes) {
  co_await make_room(bytes);
  const bool fits = copies() + bytes <= bound_;
  if (fits) copy.entry->room += bytes;
  co_return fits;
}

std::uint64_t Blobs::copies() const {
  std::uint64_t sum = 0;
  for (const auto& [id, entry] : entries_)
    if (entry->state == BlobState::kept) sum += entry->room;
  return sum;
}

// Returns the copies to remove so that `bytes` more fit: the longest unused first, none in use.
std::vector<BlobId> Blobs::choose(std::uint64_t bytes) {
  std::vector<std::pair<std::uint64_t, BlobId>> by_use;
  for (const auto& [id, entry] : entries_)
    if (entry->state == BlobState::kept && entry.use_count() == 1) by_use.emplace_back(entry->used, id);
  std::ranges::sort(by_use);
  std::vector<BlobId> out;
  auto taken = copies() + bytes;
  for (const auto& [used, id] : by_use) {
    if (taken <= bound_) break;
    taken -= std::min(taken, entries_.at(id)->room);
    out.push_back(id);
  }
  return out;
}

asio::awaitable<void> Blobs::make_room(std::uint64_t bytes) {
  auto leaving = choose(bytes);
  if (leaving.empty()) co_return;
  std::vector<fs::path> paths;
  for (const auto& id : leaving) {
    ++counts_.evicted;
    entries_.erase(id);
    paths.push_back(path_of(id));
  }
  auto work = [paths = std::move(paths)] {
    std::error_code ignored;
    for (const auto& path : paths) fs::remove(path, ignored);
  };
  co_await run_on(threads_.transfers, std::move(work));
  fault_point("evict.removed");
  co_await remove_rows(std::move(leaving));
}

// Removes the rows of those blobs whose file has not come back meanwhile.
asio::awaitable<void> Blobs::remove_rows(std::vector<BlobId> ids) {
  std::erase_if(ids, [this](const BlobId& id) { return entries_.contains(id); });
  auto forget = [ids = std::move(ids)](store::WriteTxn& tx) {
    for (const auto& id : ids) tx.remove(store::blobs, id);
  };
  const auto done = co_await writer_.write(std::move(forget));
  if (!done) log::warning("large values were not forgotten", {{"error", done.error()}});
}

asio::awaitable<Result<void>> Blobs::confirm(BlobId id) {
  auto confirm = [id](store::WriteTxn& tx) {
    auto row = tx.get(store::blobs, id);
    if (!row) return;
    row->state = static_cast<std::uint8_t>(BlobState::kept);
    tx.put(store::blobs, id, *row);
  };
  fault_point("upload.before-confirm");
  const auto done = co_await writer_.write(std::move(confirm));
  if (!done) co_return done;
  fault_point("upload.confirmed");
  if (const auto at = entries_.find(id); at != entries_.end()) at->second->state = BlobState::kept;
  co_await make_room(0);
  co_return done;
}

asio::awaitable<Result<void>> Blobs::offer_copies() {
  std::vector<BlobId> copies;
  for (const auto& [id, entry] : entries_)
    if (entry->state == BlobState::kept) copies.push_back(id);
  auto offer = [copies](store::WriteTxn& tx) {
    for (const auto& id : copies) {
      auto row = tx.get(store::blobs, id);
      if (!row || static_cast<BlobState>(row->state) != BlobState::kept) continue;
      row->state = static_cast<std::uint8_t>(BlobState::offered);
      tx.put(store::blobs, id, *row);
    }
  };
  const auto done = co_await writer_.write(std::move(offer));
  if (!done) co_return done;
  for (const auto& id : copies)
    if (const auto at = entries_.find(id); at != entries_.end()) at->second->state = BlobState::offered;
  co_return done;
}

Result<std::vector<std::pair<BlobId, store::BlobRow>>> Blobs::owed() const {
  using Rows = std::vector<std::pair<BlobId, store::BlobRow>>;
  return store_->read([](const store::ReadTxn& tx) {
    Rows rows;
    tx.scan(store::blobs, store::Range<BlobId>::all(), [&rows](const BlobId& id, const store::BlobRow& row) {
      if (static_cast<BlobState>(row.state) != BlobState::kept) rows.emplace_back(id, row);
    });
    std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.second.seq; });
    return rows;
  });
}

std::uint64_t Blobs::owed_bytes() const {
  const auto rows = owed();
  std::uint64_t sum = 0;
  if (rows)
    for (const auto& [id, row] : *rows) sum += shape_of(row.length).sealed();
  return sum;
}

Result<std::uint64_t> bytes_from(std::string_view text) {
  constexpr std::string_view units = "KMGT";
  constexpr double most = 1ull << 60;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return Errc::usage;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto at = unit.size() == 1 ? units.find(unit.front()) : std::string_view::npos;
  if (!unit.empty() && at == std::string_view::npos) return Errc::usage;
  if (!unit.empty()) number *= std::pow(1024.0, static_cast<double>(at + 1));
  if (!(number >= 0 && number <= most)) return Errc::usage;
  return static_cast<std::uint64_t>(number);
}

}  // namespace vault::daemon
