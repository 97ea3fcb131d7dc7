// SPDX-License-Identifier: Apache-2.0
// Speaks HTTP/1.1 and WebSocket to one server, over TLS 1.3, or without TLS to loopback.
//
// The server is not trusted here either. Time, headers and body of an answer are bounded before memory is taken, and an
// answer comes out whole or as an error. A redirect is returned like any other answer and not followed; an encoded body
// is an error. TLS keeps strangers out, but the safety of the vault does not rest on it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/errc.hpp"
#include "http/client_websocket.hpp"
#include "http/errc.hpp"
#include "http/message.hpp"
#include "wire/origin.hpp"

namespace vault::daemon {

struct HttpClientOptions {
  std::filesystem::path ca_file;       // PEM; replaces the system's certificates; read again for each connection
  std::size_t kept = 4;                // connections kept alive between requests
  std::chrono::seconds idle_time{60};  // how long: less than the server's, so that it rarely closes first
};

struct HttpClientCounts {
  std::uint64_t connections = 0;  // opened
  std::uint64_t requests = 0;     // sent; a repetition on a fresh connection is not counted
};

class HttpClient {
 public:
  // Requires: `executor` runs on one thread.
  HttpClient(boost::asio::any_io_executor executor, wire::Origin origin, HttpClientOptions options = {});
  HttpClient(HttpClient&&) noexcept = default;
  HttpClient& operator=(HttpClient&&) noexcept = default;

  // Sends `request` and returns the answer, whatever its status. Any number of requests may be under way, each on a
  // connection of its own. A request is sent a second time, byte for byte, only if the server closed a kept connection
  // without one byte of an answer. May be cancelled, and may outlive the client.
  //
  // Requires: headers without line breaks, a target without blanks. Errors: Errc::offline when `deadline` passes, or an
  // error of that class if there is no connection or it breaks; HttpErrc::tls_refused; those of http/tls_trust.hpp;
  // Errc::limit for more than `body_limit` bytes of body or 16 KiB of headers; HttpErrc::server_answer_bad.
  boost::asio::awaitable<Result<wire::HttpResponse>> send(wire::HttpRequest request, std::chrono::milliseconds deadline,
                                                          std::size_t body_limit);

  // Opens a WebSocket by a GET on the request's target, over a fresh connection. Returns the answer instead if the
  // server, or a proxy before it, gave another. Errors: as send().
  boost::asio::awaitable<WebSocket::Opened> upgrade(wire::HttpRequest request, std::chrono::milliseconds deadline);

  // Succeeds if there are certificates to trust; asks no server. Errors: those of http/tls_trust.hpp.
  boost::asio::awaitable<Result<void>> ready();

  // Closes the kept connections, which may have died with the network they were made on.
  void drop_kept();

  const wire::Origin& origin() const;
  HttpClientCounts counts() const;

  struct State;  // shared with the requests under way

 private:
  std::shared_ptr<State> state_;
};

}  // namespace vault::daemon
