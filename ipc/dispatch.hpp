// SPDX-License-Identifier: Apache-2.0
// Turns a message into the text that answers it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "ipc/answer.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

// Runs what the message asks for, a batch in order, and returns the answer; empty if there is none. Waits for room
// first. Begins nothing more for a client that is gone. If the coroutine is cancelled, whatever has not ended is
// answered E_CANCELLED. `hold` was taken when the message arrived. Requires: the registry and the client outlive the
// coroutine.
boost::asio::awaitable<Answer> dispatch(const Registry& registry, Caller& client, Message message, Values::Hold hold);

}  // namespace vault::ipc
