// SPDX-License-Identifier: Apache-2.0
// Whatever a server answers to a request (first byte even), or says on a WebSocket once it has agreed to one (odd).
// An answer that comes out is whole and within its limits; all else is an error of one of three classes.
#include <openssl/sha.h>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "http/client.hpp"
#include "tests/fuzz/socket.hpp"

using namespace vault;
using namespace vault::fuzz;
using namespace std::chrono_literals;
using daemon::HttpClient;
using wire::HttpRequest;

namespace {

constexpr std::size_t most = 64 * 1024;

struct World {
  asio::io_context io{1};
  tcp::acceptor acceptor{io, loopback};
  HttpClient client{io.get_executor(), origin(), {.kept = 0}};

  wire::Origin origin() const {
    return wire::Origin::parse("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())).value();
  }
};

// RFC 6455 §4.2.2.
std::string agreement_to(std::string_view head) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const auto at = head.find(name);
  VAULT_ASSERT(at != head.npos);
  const auto key = std::string{head.substr(at + name.size(), 24)} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> hash{};
  SHA1(reinterpret_cast<const std::uint8_t*>(key.data()), key.size(), hash.data());
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         base64(hash) + "\r\n\r\n";
}

asio::awaitable<void> serve(World& world, BytesView bytes, bool upgrade) {
  auto [error, socket] = co_await world.acceptor.async_accept(as_result);
  std::string head;
  if (!error)
    std::tie(error, std::ignore) =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n", as_result);
  if (error) co_return;
  if (upgrade) {
    const auto agreed = agreement_to(head);
    co_await asio::async_write(socket, asio::buffer(agreed), as_result);
  }
  (void)co_await say(socket, bytes);
}

bool is_expected(const boost::system::error_code& error) {
  const auto klass = class_of(error);
  return klass == Errc::offline || klass == Errc::limit || klass == Errc::tamper;
}

asio::awaitable<void> ask(World& world) {
  HttpRequest request{.method = "GET", .target = "/"};
  const auto answer = co_await world.client.send(std::move(request), 5s, most);
  if (answer) VAULT_ASSERT(answer->body.size() <= most && answer->status >= 200 && answer->status <= 599);
  else VAULT_ASSERT(is_expected(answer.error()));
}

asio::awaitable<void> watch(World& world) {
  HttpRequest request{.method = "GET", .target = "/v1/watch"};
  auto opened = co_await world.client.upgrade(std::move(request), 5s);
  if (!opened || opened->index() == 0) co_return;
  auto socket = std::move(std::get<daemon::WebSocket>(*opened));
  for (;;) {
    const auto notice = co_await socket.next();
    if (!notice) VAULT_ASSERT(is_expected(notice.error()));
    if (!notice) break;
    VAULT_ASSERT(notice->size() <= limits::notice_bytes);
  }
  socket.close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* world = new World;
  if (size == 0) return 0;
  const bool upgrade = data[0] % 2 == 1;
  const BytesView bytes{data + 1, size - 1};
  asio::co_spawn(world->io, serve(*world, bytes, upgrade), asio::detached);
  asio::co_spawn(world->io, upgrade ? watch(*world) : ask(*world),
                 [](std::exception_ptr error) { VAULT_ASSERT(!error); });
  world->io.restart();
  world->io.run();
  return 0;
}
