// SPDX-License-Identifier: Apache-2.0
// What the two ends of HTTP share below their interfaces: a byte stream with or without TLS, a body that takes
// memory only as it arrives, and the head of a message as text.
//
// Beast, Asio's TLS and coroutines together are the slowest thing we compile. Exactly four files include this
// header: http/server.cpp and http/client.cpp, and through http/websocket_stream.hpp the websocket.cpp beside
// each. Reading is Beast's, which is where the hostile bytes are; a head is written here, in ten lines, rather than
// by a second set of templates.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <limits>
#include <optional>

#include "base/limits.hpp"
#include "http/message.hpp"

namespace vault::wire {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

// How many bytes a peer may send in a second; as many as it likes until a limit is set. What comes above it waits in
// the kernel, and soon at the peer.
class ReadPace {
 public:
  void limit(std::size_t bytes_per_second) { limit_ = left_ = bytes_per_second; }

 private:
  friend class boost::beast::rate_policy_access;
  using Clock = std::chrono::steady_clock;
  static constexpr auto all = std::numeric_limits<std::size_t>::max();

  std::size_t available_read_bytes() {
    if (limit_ != all && Clock::now() - filled_ >= std::chrono::seconds{1}) on_timer();
    return left_;
  }
  std::size_t available_write_bytes() const { return all; }
  void transfer_read_bytes(std::size_t n) {
    if (limit_ != all) left_ -= std::min(n, left_);
  }
  void transfer_write_bytes(std::size_t) {}
  void on_timer() {
    left_ = limit_;
    filled_ = Clock::now();
  }

  std::size_t limit_ = all, left_ = all;
  Clock::time_point filled_ = {};
};

using TcpStream = boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::any_io_executor, ReadPace>;

// A deadline set on tcp() holds for all that is read and written until the next one is set, however slowly the
// bytes trickle; when it passes, the socket is closed and the operation ends with beast::error::timeout.
class HttpStream {
 public:
  using Tls = boost::asio::ssl::stream<TcpStream&>;
  using executor_type = TcpStream::executor_type;

  explicit HttpStream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}
  explicit HttpStream(executor_type executor) : tcp_(std::move(executor)) {}
  HttpStream(const HttpStream&) = delete;  // the TLS stream points into this one
  HttpStream& operator=(const HttpStream&) = delete;

  TcpStream& tcp() { return tcp_; }
  Tls& start_tls(boost::asio::ssl::context& context) { return tls_.emplace(tcp_, context); }
  executor_type get_executor() { return tcp_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Token>(token))
                : tcp_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_write_some(buffers, std::forward<Token>(token))
                : tcp_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  TcpStream tcp_;
  std::optional<Tls> tls_;
};

// Beast's own vector body reserves what Content-Length announces; this one believes only bytes.
struct ArrivingBody {
  using value_type = Bytes;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>&, Bytes& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      const auto before = body_.size();
      for (auto part : boost::beast::buffers_range_ref(buffers)) {
        const auto* from = static_cast<const std::uint8_t*>(part.data());
        body_.insert(body_.end(), from, from + part.size());
      }
      error = {};
      return body_.size() - before;
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    Bytes& body_;
  };
};

template <bool is_request>
using HttpParser = boost::beast::http::parser<is_request, ArrivingBody>;

// Room for a whole header and for reads of a useful size; a chunk's header that does not end stops here too.
inline constexpr std::size_t http_buffer_bytes = 64 * 1024;
static_assert(http_buffer_bytes >= 2 * limits::http_header_bytes);

inline HttpHeaders headers_of(const boost::beast::http::fields& fields) {
  HttpHeaders out;
  for (const auto& field : fields) out.push_back({std::string{field.name_string()}, std::string{field.value()}});
  return out;
}

}  // namespace vault::wire
