// SPDX-License-Identifier: Apache-2.0
// Whatever a client sends to the server before a handler sees it. Requests that get through are whole and within their
// limits, and everything that comes back is an answer.
#include "base/assert.hpp"
#include "http/server.hpp"
#include "tests/fuzz/socket.hpp"

using namespace vault;
using namespace vault::fuzz;
using server::HttpServer;

namespace {

constexpr std::size_t most = 64 * 1024;

asio::awaitable<wire::HttpResponse> handle(wire::HttpRequest request) {
  VAULT_ASSERT(request.body.size() <= most && request.target.starts_with('/'));
  VAULT_ASSERT(request.target.find_first_of(" \r\n") == std::string::npos);
  co_return wire::HttpResponse{200, {}, Bytes(request.body.size() % 7, 'x')};
}

struct World {
  asio::io_context io{1};
  HttpServer server = HttpServer::start(io.get_executor(), {.body_bytes = most}, handle).value();
};

asio::awaitable<void> ask(World& world, BytesView bytes, bool& done) {
  tcp::socket socket{world.io};
  const auto [error] = co_await socket.async_connect(world.server.local_endpoint(), as_result);
  VAULT_ASSERT(!error);
  const auto text = co_await say(socket, bytes);
  VAULT_ASSERT(text.empty() || text.starts_with("HTTP/1.1 "));
  done = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* world = new World;
  bool done = false;
  asio::co_spawn(world->io, ask(*world, {data, size}, done), [](std::exception_ptr error) { VAULT_ASSERT(!error); });
  world->io.restart();
  while (!done) world->io.run_one();
  world->io.poll();
  return 0;
}
