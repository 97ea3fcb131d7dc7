// SPDX-License-Identifier: Apache-2.0
// The examples of the JSON-RPC 2.0 specification, §7, over a real socket, and what our own rules add.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "ipc/api.hpp"
#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace json = boost::json;
using boost::asio::awaitable;

namespace jsonrpc_test {
namespace {

struct Subtract {
  std::int64_t minuend = 0, subtrahend = 0;
};
BOOST_DESCRIBE_STRUCT(Subtract, (), (minuend, subtrahend))

struct Numbers {
  std::int64_t a = 0, b = 0, c = 0;
};
BOOST_DESCRIBE_STRUCT(Numbers, (), (a, b, c))

struct Many {
  std::optional<std::int64_t> a, b, c, d, e;
};
BOOST_DESCRIBE_STRUCT(Many, (), (a, b, c, d, e))

struct Conflict {};
BOOST_DESCRIBE_STRUCT(Conflict, (), ())

ipc::Registry spec_methods() {
  ipc::Registry out;
  out.on(ipc::Method<Subtract, std::int64_t>{"subtract", ""},
         [](Subtract p) -> awaitable<Result<std::int64_t>> { co_return p.minuend - p.subtrahend; });
  out.on(ipc::Method<Numbers, std::int64_t>{"sum", ""},
         [](Numbers p) -> awaitable<Result<std::int64_t>> { co_return p.a + p.b + p.c; });
  out.on(ipc::Method<ipc::Nothing, std::vector<std::string>>{"get_data", ""},
         [](ipc::Nothing) -> awaitable<Result<std::vector<std::string>>> {
           co_return std::vector<std::string>{"hello", "5"};
         });
  for (const char* name : {"update", "notify_hello", "notify_sum"})
    out.on(ipc::Method<Many, ipc::Nothing>{name, ""},
           [](Many) -> awaitable<Result<ipc::Nothing>> { co_return ipc::Nothing{}; });
  out.on(ipc::Method<Conflict, ipc::Nothing>{"conflict", ""},
         [](Conflict, ipc::Call& call) -> awaitable<Result<ipc::Nothing>> {
           call.details.emplace("heads", json::array{"v1", "v2"});
           co_return Errc::conflict;
         });
  out.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"throw_world", ""},
         [](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
           throw boost::system::system_error{make_error_code(boost::system::errc::no_space_on_device), "/secret/path"};
           co_return ipc::Nothing{};
         });
  out.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"throw_other", ""},
         [](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
           throw std::runtime_error{"what an unexpected exception says"};
           co_return ipc::Nothing{};
         });
  return out;
}

// Sends one frame and then a known request; what came before the known answer answers the frame.
std::string answer_to(const std::string& frame) {
  static const ipc::Registry registry = spec_methods();
  TempFolder folder;
  RunningServer server{folder.path("s"), registry};
  RawClient client{folder.path("s")};
  std::string line = frame;
  std::replace(line.begin(), line.end(), '\n', ' ');
  REQUIRE(client.send(line + "\n"));
  client.end_sending();
  return client.line();
}

json::value without_data(json::value answer) {  // data is ours; the examples have none
  const auto strip = [](json::value& one) {
    if (auto* error = one.as_object().if_contains("error")) {
      error->as_object().erase("data");
      error->as_object().erase("message");
    }
  };
  if (answer.is_array())
    for (auto& one : answer.as_array()) strip(one);
  else strip(answer);
  return answer;
}

}  // namespace

TEST_CASE("the examples of the JSON-RPC 2.0 specification are answered as it says") {
  const auto [sent, expected] = GENERATE(table<std::string, std::string>({
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 1})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2})",
       R"({"jsonrpc": "2.0", "result": -19, "id": 2})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 3})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 4})"},
      {R"({"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar"})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar", "id": "1"})",
       R"({"jsonrpc": "2.0", "error": {"code": -32601}, "id": "1"})"},
      {R"({"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz])",
       R"({"jsonrpc": "2.0", "error": {"code": -32700}, "id": null})"},
      {R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})",
       R"({"jsonrpc": "2.0", "error": {"code": -32600}, "id": null})"},
      {R"([{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"])",
       R"({"jsonrpc": "2.0", "error": {"code": -32700}, "id": null})"},
      {"[]", R"({"jsonrpc": "2.0", "error": {"code": -32600}, "id": null})"},
      {"[1]", R"([{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}])"},
      {"[1,2,3]", R"([{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                      {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                      {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}])"},
      {R"([{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
           {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
           {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
           {"foo": "boo"},
           {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
           {"jsonrpc": "2.0", "method": "get_data", "id": "9"}])",
       R"([{"jsonrpc": "2.0", "result": 7, "id": "1"},
           {"jsonrpc": "2.0", "result": 19, "id": "2"},
           {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
           {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "5"},
           {"jsonrpc": "2.0", "result": ["hello", "5"], "id": "9"}])"},
      {R"([{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}])",
       ""},
  }));
  INFO(sent);
  const auto answer = answer_to(sent);
  if (expected.empty()) CHECK(answer.empty());
  else CHECK(without_data(json::parse(answer)) == json::parse(expected));
}

TEST_CASE("ids come back as they were, null included") {
  for (const char* id : {"null", "\"\"", "-1", "18446744073709551615", "\"123456789012345678901234567890\""}) {
    const auto answer = answer_to(R"({"jsonrpc":"2.0","method":"get_data","id":)" + std::string{id} + "}");
    CHECK(json::parse(answer).at("id") == json::parse(id));
  }
  for (const char* id : {"[]", "{}", "true", "1.5", "123456789012345678901234567890", "0.1000000000000000000001"}) {
    const auto answer = json::parse(answer_to(R"({"jsonrpc":"2.0","method":"get_data","id":)" + std::string{id} + "}"));
    CHECK(answer.at("error").at("code") == -32600);
    CHECK(answer.at("id").is_null());
  }
}

TEST_CASE("an error of ours has its class's number, its kind, its sentence and its details") {
  CHECK(
      json::parse(answer_to(R"({"jsonrpc":"2.0","method":"conflict","id":1})")) ==
      json::parse(
          R"({"jsonrpc":"2.0","id":1,"error":{"code":10,"message":"somebody else wrote in between","data":{"kind":"E_CONFLICT","heads":["v1","v2"]}}})"));
}

TEST_CASE("what a handler throws is answered by its class alone: its text stays here") {
  const auto world = json::parse(answer_to(R"({"jsonrpc":"2.0","method":"throw_world","id":1})"));
  CHECK(world.at("error").at("data").at("kind") == "E_STORAGE");
  const auto other = json::parse(answer_to(R"({"jsonrpc":"2.0","method":"throw_other","id":1})"));
  CHECK(other.at("error").at("code") == -32603);
  CHECK(json::serialize(world).find("secret") == std::string::npos);
  CHECK(json::serialize(other).find("unexpected exception") == std::string::npos);
}

TEST_CASE("wrong params are refused with the name of the member") {
  const auto message = [](const std::string& params) {
    const auto answer =
        json::parse(answer_to(R"({"jsonrpc":"2.0","method":"subtract","id":1,"params":)" + params + "}"));
    CHECK(answer.at("error").at("code") == -32602);
    return std::string{answer.at("error").at("message").as_string()};
  };
  CHECK(message(R"({"minuend":1})") == "params.subtrahend is missing");
  CHECK(message(R"({"minuend":1,"subtrahend":2,"x":3})") == "params.x is unknown");
  CHECK(message(R"({"minuend":1,"subtrahend":"2"})").starts_with("params.subtrahend must be an integer"));
  CHECK(message("[1,2,3]") == "params.[2] is unknown");
}

TEST_CASE("a batch over the limit and nesting over the limit are refused as too much") {
  std::string batch = "[1";
  for (int i = 0; i < 100; ++i) batch += ",1";
  for (const auto& frame : {batch + "]", std::string(33, '[') + std::string(33, ']')}) {
    const auto answer = json::parse(answer_to(frame));
    CHECK(answer.at("error").at("data").at("kind") == "E_LIMIT");
    CHECK(answer.at("error").at("code") == 7);
  }
}

TEST_CASE("rpc.discover answers with the OpenRPC document, and the API's methods have no handler here") {
  const auto answer = json::parse(answer_to(R"({"jsonrpc":"2.0","method":"rpc.discover","id":1})"));
  CHECK(answer.at("result").at("openrpc") == "1.2.6");
  CHECK(spec_methods().without_handler().size() == std::tuple_size_v<decltype(ipc::methods::all)>);
}

}  // namespace jsonrpc_test
