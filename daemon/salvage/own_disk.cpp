// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/own_disk.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/notify.hpp"
#include "crypto/seams.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/salvage/clean_stop.hpp"
#include "daemon/salvage/disk_worker.hpp"
#include "store/folder.hpp"

namespace vault::daemon {

namespace fs = std::filesystem;

namespace {

constexpr auto database = "data.mdb", suspicion = "suspect", fresh_folder = "fresh";
constexpr std::string_view kept_prefix = "data.mdb.damaged-";
constexpr std::size_t most_kept = 3;
// Bounds what is always read: that takes less than a start, and shows a file that rotted while nobody ran.
constexpr std::uint64_t always_read = 64 << 20;  // bytes

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

bool has_large_values(const fs::path& folder) {
  std::error_code error;
  return fs::directory_iterator{folder / "blobs", error} != fs::directory_iterator{};
}

std::vector<fs::path> kept_files(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& file : fs::directory_iterator{folder, error})
    if (file.path().filename().string().starts_with(kept_prefix)) out.push_back(file.path());
  std::ranges::sort(out);
  return out;
}

// Removes all but some damaged files: the first, which nothing has touched, and the newest.
void remove_old_ones(const fs::path& folder) {
  auto files = kept_files(folder);
  std::error_code ignored;
  while (files.size() > most_kept) {
    fs::remove(files[1], ignored);
    files.erase(files.begin() + 1);
  }
}

std::string name_for(std::uint64_t ms, const fs::path& folder) {
  auto text = time_text(ms);
  std::erase_if(text, [](char c) { return c == ':' || c == '.'; });
  auto name = std::string{kept_prefix} + text;
  while (is_there(folder / name)) name += "-";
  return name;
}

Result<void> system_result(const std::error_code& error) {
  return error ? Result<void>{boost::system::error_code{error}} : Result<void>{};
}

// Exchanges the databases so that at every moment one has the name, the old one or the new one.
Result<void> exchange(const fs::path& folder, const std::string& name) {
  std::error_code error, ignored;
  fs::create_hard_link(folder / database, folder / name, error);
  if (error) return system_result(error);
  if (const auto synced = store::sync_folder(folder); !synced) return synced;
  fs::rename(folder / fresh_folder / database, folder / database, error);
  if (error) return system_result(error);
  fs::remove(folder / "data.mdb-lock", ignored);
  fs::remove(folder / suspicion, ignored);
  fs::remove_all(folder / fresh_folder, ignored);
  remove_old_ones(folder);
  return store::sync_folder(folder);
}

Result<OwnDisk> save(const fs::path& folder, bool suspect) {
  std::error_code ignored;
  notify::works("Saving what is good of the database", worker_seconds(fs::file_size(folder / database, ignored)));
  const auto now = wall_time();
  const auto name = name_for(now, folder);
  fs::remove_all(folder / fresh_folder, ignored);
  const auto done = run_disk_worker({"salvage", folder / database, folder, folder / fresh_folder, name,
                                     std::to_string(now), suspect ? "suspect" : "torn"});
  if (!done) return done.error();
  if (*done == WorkerSaid::bad) {
    fs::remove_all(folder / fresh_folder, ignored);
    log::error("the database is damaged, and too little is left of it");
    return OwnDisk::damaged;
  }
  if (const auto exchanged = exchange(folder, name); !exchanged) return exchanged.error();
  log::warning("the database was damaged: what was good is in a new one, and the old one is kept");
  return OwnDisk::usable;
}

}  // namespace

Result<OwnDisk> look_at_disk(const fs::path& folder) {
  const bool files = is_there(folder / "anchor") || has_large_values(folder) || !kept_files(folder).empty();
  if (!is_there(folder / database)) return files ? OwnDisk::missing : OwnDisk::nothing;
  const auto alone = store::lock_folder(folder);
  if (!alone) return alone.error();
  const bool stopped_clean = take_clean_stop(folder);
  const bool suspect = is_there(folder / suspicion);
  std::error_code error;
  const auto size = fs::file_size(folder / database, error);
  if (!suspect && stopped_clean && size > crypto::seams::amount("disk.always-read", always_read))
    return OwnDisk::usable;
  if (suspect) return save(folder, true);
  notify::works("Looking at the database", worker_seconds(size));
  const auto checked = run_disk_worker({"check", folder / database});
  if (!checked) log::warning("the database could not be looked at", {{"error", checked.error()}});
  if (!checked) return OwnDisk::usable;
  return *checked == WorkerSaid::good ? Result<OwnDisk>{OwnDisk::usable} : save(folder, false);
}

Result<OwnDisk> save_from_disk(const fs::path& folder) {
  const auto alone = store::lock_folder(folder);
  if (!alone) return alone.error();
  return save(folder, false);
}

void distrust_disk(const fs::path& folder) {
  const File file{::open((folder / suspicion).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  log::error("what the database holds cannot be opened: a new start saves what is good of it");
}

}  // namespace vault::daemon
