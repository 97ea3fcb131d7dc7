// SPDX-License-Identifier: Apache-2.0
#include "daemon/errc/errc.hpp"
#include "ipc/api.hpp"
#include "ipc/async_client.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "ipc/errc.hpp"
#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using ipc::Client;

namespace client_test {
namespace {

boost::system::error_code why_not(const std::string& path) {
  const auto client = Client::connect({path, false});
  return client ? boost::system::error_code{} : client.error();
}

// Listens, accepts one client in a thread, answers each line it sends with the next of `lines`, and goes.
class ScriptedDaemon {
 public:
  ScriptedDaemon(const std::string& path, std::vector<std::string> lines)
      : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(listen(listener_, 5) == 0);
    thread_ = std::thread{[this, lines = std::move(lines)] {
      const int peer = accept(listener_, nullptr, nullptr);
      char request[4096];
      for (const auto& line : lines)
        if (recv(peer, request, sizeof request, 0) <= 0 || send(peer, line.data(), line.size(), MSG_NOSIGNAL) < 0)
          break;
      if (lines.empty()) static_cast<void>(recv(peer, request, sizeof request, 0));
      close(peer);
    }};
  }
  ~ScriptedDaemon() {
    thread_.join();
    close(listener_);
  }

 private:
  int listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a typed call brings back what the handler returned, or its error") {
  ipc::Registry registry;
  registry.on(ipc::methods::item_get, [](ipc::GetParams p) -> awaitable<Result<ipc::GetResult>> {
    if (p.name != "note") co_return DaemonErrc::item_not_found;
    ipc::GetResult out;
    out.name = p.name;
    out.value = Secret::copy_of("ä\n");
    out.heads = {"v"};
    co_return out;
  });
  TempFolder folder;
  RunningServer server{folder.path("s"), registry};
  auto client = Client::connect({folder.path("s"), false});
  REQUIRE(client);
  const auto got = client->call(ipc::methods::item_get, {.name = "note", .version = {}});
  REQUIRE(got.result);
  CHECK(got.result->value->text() == "ä\n");
  const auto missing = client->call(ipc::methods::item_get, {.name = "x", .version = {}});
  CHECK_FALSE(missing.result);
  CHECK(missing.failure.klass == Errc::not_found);
  CHECK(missing.failure.message == "there is no such item");
  CHECK(client->call(ipc::methods::vault_lock, {}).failure.code == ipc::rpc_code::method_not_found);
}

TEST_CASE("no socket, a dead socket, and what is no socket are told apart") {
  TempFolder folder;
  CHECK(why_not(folder.path("none")) == Errc::no_daemon);
  CHECK(why_not(folder.path("none/s")) == Errc::no_daemon);
  std::ofstream{folder.path("file")} << "x";
  CHECK(why_not(folder.path("file")) == IpcErrc::socket_path_taken);
  std::filesystem::create_symlink(folder.path("file"), folder.path("link"));
  CHECK(why_not(folder.path("link")) == IpcErrc::socket_path_taken);
  REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
  CHECK(why_not(folder.path("fifo")) == IpcErrc::socket_path_taken);
  {
    ScriptedDaemon gone{folder.path("s"), {}};
    RawClient client{folder.path("s")};
  }
  CHECK(why_not(folder.path("s")) == Errc::no_daemon);
}

TEST_CASE("a socket of another user gets nothing, even one that this user may connect to") {
  if (!can_change_uid()) {
    WARN("skipped: only root can give files away");
    return;
  }
  TempFolder folder;
  ipc::Registry registry;
  RunningServer server{folder.path("s"), registry};
  REQUIRE(lchown(folder.path("s").c_str(), 65534, 65534) == 0);
  CHECK(why_not(folder.path("s")) == IpcErrc::peer_foreign);
}

TEST_CASE("a listener of another user behind a socket of ours gets nothing") {
  if (!can_change_uid()) {
    WARN("skipped: only root can become another user");
    return;
  }
  TempFolder folder;
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, folder.path("s").data(), folder.path("s").size());
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  // The kernel notes who listens, not who bound.
  CHECK(as_nobody([listener] { return listen(listener, 5); }) == 0);
  CHECK(why_not(folder.path("s")) == IpcErrc::peer_foreign);
  const int peer = accept(listener, nullptr, nullptr);
  char byte;
  CHECK(recv(peer, &byte, 1, 0) == 0);
  close(peer);
  close(listener);
}

TEST_CASE("an answer that comes too late is busy, and a daemon that goes away is gone") {
  TempFolder folder;
  ipc::Registry registry;
  registry.on(ipc::methods::vault_lock, [](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, std::chrono::hours{1}};
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return ipc::Nothing{};
  });
  RunningServer server{folder.path("s"), registry, {.grace = 0ms}};
  auto late = Client::connect({folder.path("s"), false});
  REQUIRE(late);
  CHECK(late->call(ipc::methods::vault_lock, {}, 50ms).failure.klass == Errc::busy);

  auto gone = Client::connect({folder.path("s"), false});
  REQUIRE(gone);
  int ticks = 0;
  gone->while_waiting([&ticks, &server] {
    if (++ticks == 1) server.begin_stop();
  });
  CHECK(gone->call(ipc::methods::vault_lock, {}).failure.klass == Errc::no_daemon);
  CHECK(ticks > 0);
}

TEST_CASE("notifications between answers are passed over, and nonsense is an error") {
  const auto reply_to = [](const std::string& line) {
    TempFolder folder;
    ScriptedDaemon daemon{folder.path("s"), {line + "\n"}};
    auto client = Client::connect({folder.path("s"), false});
    REQUIRE(client);
    return client->call(
        ipc::methods::item_put,
        {.name = "a", .value = {}, .value_base64 = {}, .content_type = {}, .attributes = {}, .if_version = {}});
  };
  const auto good = reply_to(R"({"jsonrpc":"2.0","method":"x","params":{}})"
                             "\n"
                             R"({"jsonrpc":"2.0","id":1,"result":{"version":"v"}})");
  REQUIRE(good.result);
  CHECK(good.result->version == "v");
  for (const char* bad :
       {"x", "[]", R"({"id":1})", R"({"id":1,"error":7})", R"({"id":1,"error":{}})", R"({"id":1,"result":{}})"}) {
    INFO(bad);
    const auto reply = reply_to(bad);
    CHECK_FALSE(reply.result);
    CHECK(reply.failure.klass == Errc::internal);
    CHECK(reply.failure.message.starts_with("the daemon's answer makes no sense"));
  }
  CHECK(reply_to(R"({"id":null,"error":{"code":16,"message":"m","data":{"kind":"E_BUSY"}}})").failure.klass ==
        Errc::busy);
}

TEST_CASE("a request over the frame limit is refused before it is sent") {
  TempFolder folder;
  ipc::Registry registry;
  RunningServer server{folder.path("s"), registry};
  auto client = Client::connect({folder.path("s"), false});
  REQUIRE(client);
  CHECK(client->call(ipc::methods::vault_unlock, {Secret::copy_of(std::string(1 << 20, 'x'))}).failure.klass ==
        Errc::limit);
}

TEST_CASE("the coroutine client calls one after the other over one connection") {
  ipc::Registry registry;
  registry.on(ipc::methods::vault_unlock, [](ipc::UnlockParams p) -> awaitable<Result<ipc::Nothing>> {
    if (p.password.text() == "good") co_return ipc::Nothing{};
    co_return Errc::auth;
  });
  TempFolder folder;
  RunningServer server{folder.path("s"), registry};
  boost::asio::io_context context{1};
  std::vector<Errc> seen;
  auto two_calls = [&seen, &context, &folder]() -> awaitable<void> {
    auto client = ipc::AsyncClient::connect(context.get_executor(), {folder.path("s"), false});
    REQUIRE(client);
    auto bad = co_await client->call(ipc::methods::vault_unlock, {Secret::copy_of("bad")});
    seen.push_back(bad.failure.klass);
    auto good = co_await client->call(ipc::methods::vault_unlock, {Secret::copy_of("good")});
    CHECK(good.result);
  };
  boost::asio::co_spawn(context, two_calls(), [](std::exception_ptr error) { CHECK_FALSE(error); });
  context.run();
  CHECK(seen == std::vector{Errc::auth});
  CHECK(eventually([&server] { return server.connections() == 0; }));
}

}  // namespace client_test
