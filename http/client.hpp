// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 to one server, over TLS 1.3 or in the clear to loopback; and WebSockets to it.
//
// The server is not trusted with anything here either: an answer is bounded in time, in headers and in body
// before memory is taken for it, and comes out whole or as an error. Redirects are answers like others and are
// not followed; an encoded body is malformed. TLS keeps strangers out; it is not what the vault's safety rests on.
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
#include "http/message.hpp"
#include "wire/origin.hpp"

namespace vault::daemon {

struct HttpClientOptions {
  std::filesystem::path ca_file;       // PEM; trusted instead of the system's, read anew for each connection
  std::size_t kept = 4;                // connections kept alive between requests
  std::chrono::seconds idle_time{60};  // and for how long: shorter than the server's, so that it rarely closes first
};

struct HttpClientCounts {
  std::uint64_t connections = 0;  // opened
  std::uint64_t requests = 0;     // sent, not counting a repetition on a fresh connection
};

class HttpClient {
 public:
  // `executor` is one thread's.
  HttpClient(boost::asio::any_io_executor executor, wire::Origin origin, HttpClientOptions options = {});
  HttpClient(HttpClient&&) noexcept = default;
  HttpClient& operator=(HttpClient&&) noexcept = default;

  // Sends and returns the answer, whatever its status. Any number may be under way at a time, each on a
  // connection of its own. A request is sent twice, byte for byte, only if it went out on a kept connection
  // which the server closed without one byte of an answer. May be cancelled; may outlive the client.
  //
  // Requires: headers without line breaks, a target without blanks.
  // Errors: Errc::offline when `deadline` passes, or an error of that class when there is no connection or it
  // breaks; Errc::tls_refused; those of http/tls_trust.hpp; Errc::limit for more than `body_limit` bytes of body or
  // 16 KiB of headers; Errc::server_answer_bad.
  boost::asio::awaitable<Result<wire::HttpResponse>> send(wire::HttpRequest request, std::chrono::milliseconds deadline,
                                                          std::size_t body_limit);

  // A WebSocket by GET on the request's target, on a fresh connection, or the answer to it where the server, or
  // whoever stands before it, gave another. Errors: as send().
  boost::asio::awaitable<WebSocket::Opened> upgrade(wire::HttpRequest request, std::chrono::milliseconds deadline);

  // Whether there are certificates to trust, before anybody is asked. Errors: those of http/tls_trust.hpp.
  boost::asio::awaitable<Result<void>> ready();

  // Closes the connections that are kept: they may have died with the network that they were made on.
  void drop_kept();

  const wire::Origin& origin() const;
  HttpClientCounts counts() const;

  struct State;  // shared with the requests under way

 private:
  std::shared_ptr<State> state_;
};

}  // namespace vault::daemon
