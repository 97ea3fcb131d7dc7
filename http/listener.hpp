// SPDX-License-Identifier: Apache-2.0
// Where a server listens.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <string>

#include "base/errc.hpp"

namespace vault::server {

enum class Exposure { loopback, anywhere };

// A listening socket at `place`, HOST:PORT, at the first of the name's addresses that works; port 0 picks one.
// The port can be bound again as soon as the socket is closed. Fails with Errc::server_url_bad, with
// Errc::plain_http for an address that `exposure` excludes, or with the system's error.
Result<boost::asio::ip::tcp::acceptor> listen(boost::asio::any_io_executor executor, const std::string& place,
                                              Exposure exposure);

// How many connections this process can have open, beside the files of its database and its log.
std::size_t most_connections();

}  // namespace vault::server
