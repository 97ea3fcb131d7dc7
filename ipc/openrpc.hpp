// SPDX-License-Identifier: Apache-2.0
// The local API as an OpenRPC 1.2.6 document, made from the types in ipc/api.hpp. rpc.discover answers with it;
// ipc/openrpc.json is the same, for readers without a daemon.
#pragma once

#include <string>

#include "ipc/json.hpp"

namespace vault::ipc {

const json::value& openrpc_document();
std::string openrpc_text();  // indented, as the file has it

}  // namespace vault::ipc
