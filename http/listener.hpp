// SPDX-License-Identifier: Apache-2.0
// Opens the socket on which a server listens.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <string>

#include "base/errc.hpp"

namespace vault::server {

enum class Exposure { loopback, anywhere };

// Returns a listening socket at `place`, HOST:PORT, on the first address of the name that works; port 0 picks a free
// one. The port can be bound again as soon as the socket is closed. Errors: server_url_bad; plain_http for an address
// that `exposure` excludes; the system's error.
Result<boost::asio::ip::tcp::acceptor> listen(boost::asio::any_io_executor executor, const std::string& place,
                                              Exposure exposure);

// Returns how many connections this process can have open, beside the files of its database and its log.
std::size_t most_connections();

}  // namespace vault::server
