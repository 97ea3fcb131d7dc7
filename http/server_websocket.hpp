// SPDX-License-Identifier: Apache-2.0
// Serves a WebSocket that carries notices to one client and nothing back.
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
  std::chrono::seconds silence;         // until a silent client counts as gone; it is pinged after half of it
  std::chrono::milliseconds handshake;  // for the client to take our answer, and to answer a close
  std::chrono::milliseconds pause;      // between two notices
};

// Answers `request`, which asks for the upgrade, and sends notices until they end or the client leaves, sends anything
// but control frames, or is silent for too long. Ends `notices` before it returns. Adds what was sent to `sent`.
boost::asio::awaitable<void> pass_on(wire::HttpStream& stream, const wire::HttpRequest& request, WatchTimes times,
                                     std::shared_ptr<Notices> notices, std::uint64_t& sent);

}  // namespace vault::server
