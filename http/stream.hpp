// SPDX-License-Identifier: Apache-2.0
// Defines what the two ends of HTTP share below their interfaces: a byte stream with or without TLS, a body that takes
// memory only as it arrives, and limits.
//
// Beast, Asio's TLS and coroutines together are the slowest thing we compile. Four files include this header:
// http/server.cpp and http/client.cpp, and through http/websocket_stream.hpp the websocket.cpp beside each. The stream
// takes completion handlers of one type, so that TLS is compiled once, in http/stream.cpp. Beast reads, which is where
// the hostile bytes are; a head is written here, in ten lines, rather than by a second set of templates.
#pragma once

#include <array>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <limits>
#include <memory>
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

// Some buffers out of a sequence of any type. Those that are empty are left out, and those above `most`: what is read
// or written with them is "some" of the bytes.
template <class Buffer>
class SomeBuffers {
 public:
  template <class Buffers>
  explicit SomeBuffers(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at)
      if (const Buffer one{*at}; one.size() > 0 && count_ < most) all_[count_++] = one;
  }
  using value_type = Buffer;
  using const_iterator = const Buffer*;
  const_iterator begin() const { return all_.data(); }
  const_iterator end() const { return all_.data() + count_; }

 private:
  static constexpr std::size_t most = 8;
  std::array<Buffer, most> all_{};
  std::size_t count_ = 0;
};

// A deadline set on tcp() holds for all that is read and written until the next one is set, however slowly the
// bytes trickle; when it passes, the socket is closed and the operation ends with beast::error::timeout.
class HttpStream {
 public:
  using executor_type = TcpStream::executor_type;
  using Transferred = void(boost::system::error_code, std::size_t);

  explicit HttpStream(boost::asio::ip::tcp::socket socket);
  explicit HttpStream(executor_type executor);
  HttpStream(const HttpStream&) = delete;  // the TLS stream points into this one
  HttpStream& operator=(const HttpStream&) = delete;
  ~HttpStream();

  TcpStream& tcp() { return tcp_; }
  executor_type get_executor() { return tcp_.get_executor(); }

  // Begins TLS: from now on all bytes go through it. Returns OpenSSL's half, for what Asio has no call for. Requires:
  // the context outlives the stream.
  SSL* start_tls(boost::asio::ssl::context& context);
  // Shakes hands. Requires: start_tls().
  boost::asio::awaitable<boost::system::error_code> handshake(boost::asio::ssl::stream_base::handshake_type role);

  // Reads into, or writes from, some of the buffers, as Asio's AsyncReadStream and AsyncWriteStream say.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Transferred>(
        [this](auto handler, SomeBuffers<boost::asio::mutable_buffer> some) {
          read_some(some, erased(std::move(handler)));
        },
        token, SomeBuffers<boost::asio::mutable_buffer>{buffers});
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Transferred>(
        [this](auto handler, SomeBuffers<boost::asio::const_buffer> some) {
          write_some(some, erased(std::move(handler)));
        },
        token, SomeBuffers<boost::asio::const_buffer>{buffers});
  }

 private:
  // A completion handler of any type as one of a single type, which still runs where the handler would.
  using Handler = boost::asio::executor_binder<boost::asio::any_completion_handler<Transferred>, executor_type>;
  template <class Any>
  Handler erased(Any handler) {
    executor_type executor = boost::asio::get_associated_executor(handler, tcp_.get_executor());
    return boost::asio::bind_executor(std::move(executor),
                                      boost::asio::any_completion_handler<Transferred>{std::move(handler)});
  }
  void read_some(SomeBuffers<boost::asio::mutable_buffer> buffers, Handler handler);
  void write_some(SomeBuffers<boost::asio::const_buffer> buffers, Handler handler);

  struct Tls;
  TcpStream tcp_;
  std::unique_ptr<Tls> tls_;
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
