// SPDX-License-Identifier: Apache-2.0
#include "server/service.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <set>
#include <thread>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "server/lmdb_storage.hpp"
#include "tests/server/api_client.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "wire/blob_path.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using wire::HttpResponse;

namespace service_test {
namespace {

// A service on a loop, with an account "ann" of one device that has a session.
class Served {
 public:
  Served() {
    keyring = make_keyring(first_header("ann", 1), 1);
    const wire::CreateAccount body{"ann", {}, Sealed::from_untrusted(keyring), {}};
    REQUIRE(ask(plain("POST", "/v1/account", wire::encode(body))).status == 200);
    service->api().accept_origins({wire::Origin::parse("http://127.0.0.1:8080").value()});
    device = open("ann");
  }

  Signing open(const std::string& account) {
    Signing out;
    out.account = account;
    out.vault = first_header(account, 1).vault;
    out.key = device_id(1);
    const wire::SessionRequest session{account, out.vault, out.key};
    out.session = wire::decode<wire::Session>(ask(plain("POST", "/v1/session", wire::encode(session))).body).value();
    return out;
  }

  // Sends a request off; its answer comes to `answers[id]`. `stop` cancels it.
  void start(int id, wire::HttpRequest request, asio::cancellation_signal* stop = nullptr) {
    auto done = [this, id](std::exception_ptr failure, HttpResponse response) {
      REQUIRE_FALSE(failure);
      answers[id] = std::move(response);
    };
    auto task = service->answer(std::move(request));
    if (stop == nullptr) asio::co_spawn(io, std::move(task), done);
    else asio::co_spawn(io, std::move(task), asio::bind_cancellation_slot(stop->slot(), done));
  }
  void until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    io.restart();
    const auto work = asio::make_work_guard(io);
    while (!condition() && std::chrono::steady_clock::now() < end) io.run_one_until(end);
    REQUIRE(condition());
  }
  HttpResponse ask(wire::HttpRequest request) {
    start(0, std::move(request));
    until([this] { return answers.contains(0); });
    return std::move(answers.extract(0).mapped());
  }
  std::shared_ptr<Notices> watch(wire::HttpRequest request) {
    std::optional<std::variant<HttpResponse, std::shared_ptr<Notices>>> out;
    asio::co_spawn(io, service->watch(std::move(request)), [&out](std::exception_ptr failure, auto watched) {
      REQUIRE_FALSE(failure);
      out = std::move(watched);
    });
    until([&out] { return out.has_value(); });
    const auto* notices = std::get_if<std::shared_ptr<Notices>>(&*out);
    return notices != nullptr ? *notices : nullptr;
  }
  // The next notice; nothing after the end.
  std::optional<Bytes> told(Notices& notices) {
    std::optional<std::optional<Bytes>> out;
    asio::co_spawn(io, notices.next(), [&out](std::exception_ptr, std::optional<Bytes> one) { out = std::move(one); });
    until([&out] { return out.has_value(); });
    return *out;
  }
  Bytes present() { return notice_of(ask(device.sign("GET", "/v1/heads")).body); }
  static Bytes notice_of(BytesView body) {
    const auto hash = crypto::sha256(body);
    return {hash.view().begin(), hash.view().begin() + 16};
  }
  wire::HttpRequest poll() {
    const auto known = hex(crypto::sha256(ask(device.sign("GET", "/v1/heads")).body)).substr(0, 32);
    return device.sign("GET", "/v1/heads?wait=55&known=" + known);
  }
  wire::HttpRequest post(std::uint64_t first, std::uint64_t last) {
    const auto body = wire::encode(wire::CommitPage{make_chain(keyring, 1, first, last)});
    return device.sign("POST", "/v1/chain/" + hex(device_id(1)), body);
  }

  TempFolder folder;
  std::unique_ptr<LmdbStorage> storage = LmdbStorage::open(folder / "data", {}).value();
  asio::io_context io{1};
  std::unique_ptr<Service> service = std::make_unique<Service>(io.get_executor(), *storage, ApiOptions{});
  Bytes keyring;
  Signing device;
  std::map<int, HttpResponse> answers;
};

}  // namespace

TEST_CASE("a long poll sleeps until its vault changes, and then shows the change") {
  Served served;
  served.start(1, served.poll());
  served.start(2, served.poll());
  served.until([&served] { return served.service->waiting() == 2; });
  CHECK(served.ask(served.post(1, 1)).status == 200);
  served.until([&served] { return served.answers.size() == 2; });
  for (const auto& [id, answer] : served.answers)
    CHECK(wire::decode<wire::Heads>(answer.body).value().chains.at(0).head.seq == 1);
  CHECK(served.service->waiting() == 0);
}

TEST_CASE("a long poll sleeps on while another vault changes") {
  Served served;
  served.start(1, served.poll());
  served.until([&served] { return served.service->waiting() == 1; });
  const auto first = make_keyring(first_header("bob", 1), 1);
  const wire::CreateAccount bob{"bob", {}, Sealed::from_untrusted(first), {}};
  CHECK(served.ask(plain("POST", "/v1/account", wire::encode(bob))).status == 200);
  auto bobs = served.open("bob");
  const auto commits = wire::encode(wire::CommitPage{make_chain(first, 1, 1, 1)});
  CHECK(served.ask(bobs.sign("POST", "/v1/chain/" + hex(device_id(1)), commits)).status == 200);
  CHECK(served.ask(bobs.sign("GET", "/v1/heads")).status == 200);  // a turn of the loop for whoever was woken
  CHECK(served.answers.empty());
  CHECK(served.service->waiting() == 1);
}

TEST_CASE("a change that comes while a poll is on its way is not missed") {
  Served served;
  for (std::uint64_t seq = 1; seq <= 50; ++seq) {
    auto poll = served.poll();
    served.start(1, served.post(seq, seq));  // neither has begun to run: they meet in any order
    served.start(2, std::move(poll));
    served.until([&served] { return served.answers.size() == 2; });
    CHECK(wire::decode<wire::Heads>(served.answers.at(2).body).value().chains.at(0).head.seq == seq);
    served.answers.clear();
  }
}

TEST_CASE("a long poll whose client has gone ends at once") {
  asio::cancellation_signal gone;  // before the served: what is still under way at its end looks at it
  Served served;
  served.start(1, served.poll(), &gone);
  served.until([&served] { return served.service->waiting() == 1; });
  gone.emit(asio::cancellation_type::total);
  served.until([&served] { return served.answers.contains(1); });
  CHECK(served.service->waiting() == 0);
}

TEST_CASE("a write whose client has gone is done all the same") {
  asio::cancellation_signal gone;  // before the served: what is still under way at its end looks at it
  Served served;
  served.start(1, served.post(1, 3), &gone);
  served.io.restart();
  served.io.poll_one();
  gone.emit(asio::cancellation_type::total);
  served.until([&served] { return served.storage->heads(served.device.vault).value().chains.size() == 1; });
  CHECK(served.storage->heads(served.device.vault).value().chains.at(0).head.seq == 3);
}

TEST_CASE("a read or a write that is given up while it runs is finished all the same") {
  Served served;
  asio::cancellation_signal stop_write, stop_read;
  served.start(1, served.post(1, 20), &stop_write);
  served.start(2, served.device.sign("GET", "/v1/keyring?from=1"), &stop_read);
  served.io.restart();
  served.io.poll();
  for (auto* stop : {&stop_write, &stop_read}) stop->emit(asio::cancellation_type::terminal);
  served.until([&] { return served.answers.contains(1) && served.answers.contains(2); });
  CHECK(served.answers[1].status == 200);
  CHECK(served.answers[2].status == 200);
}

TEST_CASE("a large value that is not there is not found, as often as somebody asks") {
  Served served;
  for (int i = 0; i < 3; ++i) {
    const auto answer = served.ask(served.device.sign("GET", wire::to_path({blob_id(1), std::nullopt})));
    CHECK((answer.status == 404 && answer.body.empty()));
  }
}

TEST_CASE("writes run one after the other on one thread that is not the loop's") {
  Served served;
  std::set<std::thread::id> threads;
  served.storage->watch([&threads](const VaultId&) { threads.insert(std::this_thread::get_id()); });
  for (std::uint64_t seq = 1; seq <= 5; ++seq) CHECK(served.ask(served.post(seq, seq)).status == 200);
  CHECK(threads.size() == 1);
  CHECK_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_CASE("a service that ends while requests are under way ends, and what it wrote is whole") {
  Served served;
  const auto commits = served.post(1, 5);
  served.start(1, served.poll());
  served.until([&served] { return served.service->waiting() == 1; });
  served.start(2, commits);
  served.io.restart();
  served.io.poll_one();
  served.service.reset();
  const auto chains = served.storage->heads(served.device.vault).value().chains;
  CHECK((chains.empty() || chains.at(0).head.seq == 5));
}

TEST_CASE("who watches is told the present state at once, and each change of that vault, as GET heads would answer") {
  Served served;
  const auto notices = served.watch(served.device.sign("GET", "/v1/watch"));
  REQUIRE(notices);
  CHECK(served.told(*notices) == served.present());
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    CHECK(served.ask(served.post(seq, seq)).status == 200);
    CHECK(served.told(*notices) == served.present());
  }
}

TEST_CASE("nobody watches without a signature, nor at another path") {
  Served served;
  auto unsigned_one = plain("GET", "/v1/watch");
  CHECK_FALSE(served.watch(unsigned_one));
  auto forged = served.device.sign("GET", "/v1/watch");
  forged.target = "/v1/watch?x=1";
  CHECK_FALSE(served.watch(forged));
  CHECK_FALSE(served.watch(served.device.sign("GET", "/v1/heads")));
}

TEST_CASE("a device that leaves the keyring is told nothing more") {
  Served served;
  const auto notices = served.watch(served.device.sign("GET", "/v1/watch"));
  REQUIRE(notices);
  CHECK(served.told(*notices));
  auto header = next_header(served.keyring);
  revoke(header, 1);
  CHECK(served.ask(served.device.sign("PUT", "/v1/keyring", make_keyring(header, 1))).status == 200);
  CHECK_FALSE(served.told(*notices));
}

TEST_CASE("more watchers of a vault than there may be end the oldest of them") {
  Served served;
  std::vector<std::shared_ptr<Notices>> all;
  for (std::size_t i = 0; i <= limits::watches; ++i)
    all.push_back(served.watch(served.device.sign("GET", "/v1/watch")));
  CHECK(all.front()->ended());
  CHECK_FALSE(all.at(1)->ended());
  CHECK_FALSE(all.back()->ended());
}

}  // namespace service_test
