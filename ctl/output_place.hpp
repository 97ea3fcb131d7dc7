// SPDX-License-Identifier: Apache-2.0
// Says where the bytes go that a person sends to a path: into what is there, if that is a FIFO or a device; else into a
// file beside it, which takes its place when it is complete.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "base/file.hpp"
#include "ipc/client.hpp"

namespace vault::ctl {

struct OutputPlace {
  std::filesystem::path path;      // for a file: its own, behind symbolic links
  bool is_stream = false;          // a FIFO or a device
  bool force = false;              // may replace a file
  std::optional<struct stat> old;  // the file that is there
};

// Looks what is at `path` and changes nothing. Symbolic links are followed; one in a folder for everybody (sticky) only
// if it belongs to this user or to the folder's owner, as the kernel has it. Errors: usage for a file that is there,
// without `force`; the system's.
ipc::Reply<OutputPlace> place_at(const std::string& path, bool force);

// Opens a FIFO, once somebody reads it, or a device.
ipc::Reply<File> open_stream(const OutputPlace& place);

// Moves the complete file `part`, which nobody but this user can read, to its place. Its mode and owner are then those
// of the file that it replaces, if it can have that owner.
std::optional<ipc::Failure> put_in_place(const File& file, const std::filesystem::path& part, const OutputPlace& place);

}  // namespace vault::ctl
