// What the two ends of HTTP share below their interfaces: a byte stream with or without TLS, a body that takes
// memory only as it arrives, and the head of a message as text.
//
// Beast, Asio's TLS and coroutines together are the slowest thing we compile. Exactly two files include this
// header: server/http_server.cpp and daemon/http_client.cpp. Reading is Beast's, which is where the hostile
// bytes are; a head is written here, in ten lines, rather than by a second set of templates.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <optional>

#include "base/limits.hpp"
#include "wire/http.hpp"

namespace vault::wire {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

// A deadline set on tcp() holds for all that is read and written until the next one is set, however slowly the
// bytes trickle; when it passes, the socket is closed and the operation ends with beast::error::timeout.
class HttpStream {
 public:
  using Tls = boost::asio::ssl::stream<boost::beast::tcp_stream&>;
  using executor_type = boost::beast::tcp_stream::executor_type;

  explicit HttpStream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}
  explicit HttpStream(executor_type executor) : tcp_(std::move(executor)) {}
  HttpStream(const HttpStream&) = delete;  // the TLS stream points into this one
  HttpStream& operator=(const HttpStream&) = delete;

  boost::beast::tcp_stream& tcp() { return tcp_; }
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
  boost::beast::tcp_stream tcp_;
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
