// SPDX-License-Identifier: Apache-2.0
#include "http/stream.hpp"

#include <boost/asio/ssl/stream.hpp>

#include "base/assert.hpp"

namespace vault::wire {

struct HttpStream::Tls {
  Tls(TcpStream& below, boost::asio::ssl::context& context) : stream(below, context) {}
  boost::asio::ssl::stream<TcpStream&> stream;
};

HttpStream::HttpStream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}
HttpStream::HttpStream(executor_type executor) : tcp_(std::move(executor)) {}
HttpStream::~HttpStream() = default;

SSL* HttpStream::start_tls(boost::asio::ssl::context& context) {
  tls_ = std::make_unique<Tls>(tcp_, context);
  return tls_->stream.native_handle();
}

boost::asio::awaitable<boost::system::error_code> HttpStream::handshake(
    boost::asio::ssl::stream_base::handshake_type role) {
  VAULT_ASSERT(tls_ != nullptr);
  auto [error] = co_await tls_->stream.async_handshake(role, as_result);
  co_return error;
}

void HttpStream::read_some(SomeBuffers<boost::asio::mutable_buffer> buffers, Handler handler) {
  if (tls_) tls_->stream.async_read_some(buffers, std::move(handler));
  else tcp_.async_read_some(buffers, std::move(handler));
}

void HttpStream::write_some(SomeBuffers<boost::asio::const_buffer> buffers, Handler handler) {
  if (tls_) tls_->stream.async_write_some(buffers, std::move(handler));
  else tcp_.async_write_some(buffers, std::move(handler));
}

}  // namespace vault::wire
