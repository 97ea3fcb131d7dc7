// From a message to the text that answers it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "ipc/json.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

// Appends the JSON text of `answer`; if `out` would then be over limits::answer_bytes, that of an error instead.
void write_answer(Wire& out, const json::value& answer);

// Runs what the message asks for, a batch in order, and returns the answer's text; empty if there is none. Once
// the coroutine is cancelled, what has not ended is answered E_CANCELLED. The registry outlives the coroutine.
boost::asio::awaitable<Wire> dispatch(const Registry& registry, Message message);

}  // namespace vault::ipc
