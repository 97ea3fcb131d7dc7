// SPDX-License-Identifier: Apache-2.0
// Runs the handler of a request while it watches the client and the clock.
#pragma once

#include "http/server_state.hpp"

namespace vault::server {

enum class Wanted { answer, watch };

// Returns what the handler answers, or an answer that says why there is none. A handler is cancelled as http/server.hpp
// says.
boost::asio::awaitable<Watched> run_handler(Connection& c, wire::HttpRequest request, Wanted wanted);

}  // namespace vault::server
