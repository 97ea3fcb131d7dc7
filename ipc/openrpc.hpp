// SPDX-License-Identifier: Apache-2.0
// Describes the local API as an OpenRPC 1.2.6 document, made from the types in ipc/api.hpp. rpc.discover answers with
// it; ipc/openrpc.json is the same for readers without a daemon.
#pragma once

#include <string>

#include "ipc/json.hpp"

namespace vault::ipc {

const json::value& openrpc_document();
// Returns the document, indented as in the file.
std::string openrpc_text();

}  // namespace vault::ipc
