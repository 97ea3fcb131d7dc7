// SPDX-License-Identifier: Apache-2.0
// The server's end of a WebSocket that carries notices to one client and nothing back.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>

#include "http/message.hpp"
#include "http/notices.hpp"

namespace vault::wire {
class HttpStream;
}

namespace vault::server {

struct WatchTimes {
  std::chrono::seconds silence;         // of a client before it counts as gone; it is pinged after half of it
  std::chrono::milliseconds handshake;  // to take our answer, and to answer a farewell
  std::chrono::milliseconds pause;      // between two notices
};

// Answers `request`, which asks for the upgrade, and passes notices on until they end, the client goes, says anything
// but control frames, or is silent for too long; `notices` has ended afterwards. Counts what was sent in `sent`.
boost::asio::awaitable<void> pass_on(wire::HttpStream& stream, const wire::HttpRequest& request, WatchTimes times,
                                     std::shared_ptr<Notices> notices, std::uint64_t& sent);

}  // namespace vault::server
