// SPDX-License-Identifier: Apache-2.0
// Holds the folder of a sealed export: what a daemon names goes below it, and what is there already is never lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"
#include "base/file.hpp"
#include "ipc/api/vault.hpp"

namespace vault::ctl {

// Takes files below a folder and follows no symbolic link. Each file must be new, unless an export is resumed: then it
// takes the place of an older one once it is whole.
class ExportFolder {
 public:
  ExportFolder() = default;
  ExportFolder(const ExportFolder&) = delete;
  ~ExportFolder();

  // Opens the folder, or makes it. Errors: export_folder_taken if it is not empty and no export is resumed.
  Result<void> open(const std::string& path, bool resume);

  // Checks that a folder which is not empty holds an export of the vault that has this first page: its keyring version
  // 1, which no two vaults share, is the same. Errors: export_folder_taken.
  Result<void> check_vault(const std::vector<ipc::ExportObject>& first_page) const;

  Result<void> add(const ipc::ExportObject& object);

  // Opens a folder below this one, for the daemon to put files into.
  Result<File> folder_at(const std::string& path) const;

  void count(std::uint64_t files, std::uint64_t bytes) {
    files_ += files;
    bytes_ += bytes;
  }

  // Puts the last file in its place and makes everything durable.
  Result<void> finish();

  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> begin_file(const std::string& path);
  Result<void> end_file();
  int open_new(int parent, const std::string& name) const;
  Result<int> make_folders(std::string_view path) const;
  std::string beginning_of_first_keyring(std::size_t bytes) const;

  int folder_ = -1, parent_ = -1, file_ = -1;
  bool resumes_ = false, empty_ = true;
  std::string path_, name_;  // of the file that is being written
  std::uint64_t size_ = 0, files_ = 0, bytes_ = 0;
};

}  // namespace vault::ctl
