// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <sys/resource.h>

#include <limits>

#include "base/input_errc.hpp"
#include "wire/origin.hpp"

namespace vault::server {
namespace {

using boost::asio::any_io_executor;
using boost::asio::ip::tcp;
using boost::system::error_code;

Result<tcp::acceptor> listen_at(any_io_executor executor, const tcp::endpoint& endpoint) {
  error_code error;
  tcp::acceptor acceptor{executor};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return error;
  return acceptor;
}

}  // namespace

Result<tcp::acceptor> listen(any_io_executor executor, const std::string& text, Exposure exposure) {
  const auto place = wire::HostPort::parse(text);
  if (!place) return place.error();
  if (!place->port) return InputErrc::server_url_bad;
  error_code error;
  const auto found =
      tcp::resolver{executor}.resolve(place->host, std::to_string(*place->port), tcp::resolver::passive, error);
  if (error) return error;
  Result<tcp::acceptor> last = make_error_code(InputErrc::server_url_bad);
  for (const auto& entry : found) {
    if (exposure == Exposure::loopback && !entry.endpoint().address().is_loopback()) return InputErrc::plain_http;
    last = listen_at(executor, entry.endpoint());
    if (last) break;
  }
  return last;
}

std::size_t most_connections() {
  constexpr rlim_t others = 64;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<std::size_t>::max();
  return files.rlim_cur > 2 * others ? files.rlim_cur - others : others;
}

}  // namespace vault::server
