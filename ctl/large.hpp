// SPDX-License-Identifier: Apache-2.0
// Moves values of any size as files, with a progress bar.
#pragma once

#include "ctl/commands.hpp"
#include "ipc/api/large_value.hpp"

namespace vault::ctl {

// Puts a value: `first`, then all that the descriptor has. A regular file is passed to the daemon as it is.
ipc::Reply<ipc::BlobPutResult> put_large(Session& session, const ipc::BlobPutParams& params, Secret first, int from);

// Returns the bytes of a regular file from its position to its end; nullopt for any other file.
std::optional<std::uint64_t> bytes_left(int file);

// Writes the value to stdout. Returns the exit code.
int get_to_stdout(Session& session, const ipc::BlobGetParams& params);

// Writes the value to `path`: into a FIFO or device, else as a file, which appears only when the value is complete.
// Continues a file where an earlier call was cut short. Replaces a file only with `force`. Returns the exit code.
int get_to_file(Session& session, ipc::BlobGetParams params, const std::string& path, bool force);

}  // namespace vault::ctl
