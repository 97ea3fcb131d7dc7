// SPDX-License-Identifier: Apache-2.0
// From a message to the text that answers it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "ipc/answer.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

// Runs what the message asks for, a batch in order, and returns the answer; empty if there is none. It waits for room
// first, and of a client that is gone nothing further is begun. Once the coroutine is cancelled, what has not ended is
// answered E_CANCELLED. `hold` was taken when the message came. The registry and the client outlive the coroutine.
boost::asio::awaitable<Answer> dispatch(const Registry& registry, Caller& client, Message message, Values::Hold hold);

}  // namespace vault::ipc
