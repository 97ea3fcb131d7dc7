// SPDX-License-Identifier: Apache-2.0
// Begins TLS on a connection when the client's hello is there, for a bounded number of strangers.
#pragma once

#include "http/server_state.hpp"

namespace vault::server {

// Succeeds at once without TLS. False if the hello does not come in time or is none, if all strangers with TLS are in
// the middle of something, or if the handshake fails.
boost::asio::awaitable<bool> shake_hands(Connection& c);

}  // namespace vault::server
