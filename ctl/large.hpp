// SPDX-License-Identifier: Apache-2.0
// put and get of values that are moved as files: of any size, with a bar that shows how far they are.
#pragma once

#include "ctl/commands.hpp"

namespace vault::ctl {

// The value is `first` and then all that the descriptor has. A regular file goes to the daemon as it is.
ipc::Reply<ipc::BlobPutResult> put_large(Session& session, const ipc::BlobPutParams& params, Secret first, int from);

// Bytes that a regular file has from where it stands; nothing for any other.
std::optional<std::uint64_t> bytes_left(int file);

// To stdout. The exit code.
int get_to_stdout(Session& session, const ipc::BlobGetParams& params);

// To a file of that name, which is there when all of it is; what was cut short is taken up again.
int get_to_file(Session& session, ipc::BlobGetParams params, const std::string& path);

}  // namespace vault::ctl
