// SPDX-License-Identifier: Apache-2.0
// Shows what is known of an item beside its value.
#pragma once

#include "ctl/commands.hpp"
#include "ipc/api/large_value.hpp"

namespace vault::ctl {

// Shows name, size, type, attributes and version, of a value of any size. Returns the exit code.
int show_details(Session& session, ipc::BlobGetParams params);

// Shows as JSON what there is of a large value in a line: all but its bytes. Returns the exit code.
int show_large_as_json(Session& session, ipc::BlobGetParams params);

}  // namespace vault::ctl
