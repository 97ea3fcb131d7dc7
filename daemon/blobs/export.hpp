// SPDX-License-Identifier: Apache-2.0
// Writes the large values of a sealed export: which there are, and their chunks as files. crypto/FORMAT.md §11.
#pragma once

#include <string>

#include "base/file.hpp"
#include "daemon/blobs/chunks.hpp"
#include "daemon/index/index.hpp"

namespace vault::daemon {

struct LargeVersion {
  std::string name;
  Version version;
};

// Holds large versions of items from the name `first` on, as many as a turn of the loop has time for, and the name to
// continue with, if there are more.
struct LargeVersions {
  std::vector<LargeVersion> found;
  std::optional<std::string> next;
};
LargeVersions large_versions(const Index& index, std::string_view first);

struct ExportedChunks {
  std::uint64_t files = 0, bytes = 0;  // now there, also those that were there before
  std::uint64_t written = 0;           // files
  std::vector<std::uint64_t> missing;  // chunks that are neither here nor at the server
};

// Writes each chunk into the folder as <index>.bin, unless it is there whole. Errors: those of BlobChunks, except for
// single missing chunks; storage, disk_full.
asio::awaitable<Result<ExportedChunks>> export_chunks(BlobChunks chunks, Threads& threads, File folder);

}  // namespace vault::daemon
