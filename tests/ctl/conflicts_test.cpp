// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>

#include "ipc/api.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace json = boost::json;

namespace conflicts_test {
namespace {

// An item with two heads that clash, and one with two that do not.
struct Torn : FakeDaemon {
  std::vector<ipc::ResolveParams> asked;

  Torn() {
    on(ipc::methods::item_conflicts, [](ipc::ConflictsParams p) -> Result<ipc::ConflictsResult> {
      ipc::ConflictsResult out;
      if (!p.name || *p.name == "a/b") out.items.push_back(item("a/b", false));
      if (p.name == "m") out.items.push_back(item("m", true));
      if (p.name || p.cursor) return out;
      out.cursor = "a/b";
      return out;
    });
    on(ipc::methods::item_get, [](ipc::GetParams p) -> Result<ipc::GetResult> {
      ipc::GetResult out{.name = p.name, .version = p.version.value_or("v1"), .heads = {"v1", "v2"}};
      out.value = Secret::copy_of(p.version == "v0"   ? "one\ntwo\n"
                                  : p.version == "v1" ? "one\n2\x1b[2J\n"
                                                      : "one\tI\ntwo\n");
      return out;
    });
    on(ipc::methods::item_resolve, [this](ipc::ResolveParams p) -> Result<ipc::VersionResult> {
      asked.push_back(p);
      return ipc::VersionResult{"v3"};
    });
    on(ipc::methods::item_list, [](ipc::ListParams) -> Result<ipc::ListResult> {
      return ipc::ListResult{{{.name = "a/b", .heads = 2}, {.name = "c"}}, {}};
    });
    start();
  }

  static ipc::ConflictItem item(std::string name, bool merges) {
    ipc::ConflictItem out{.name = std::move(name), .ancestor = "v0", .merges = merges};
    out.heads = {
        {.version = "v1", .modified = "t1", .device = "d", .device_name = "phone", .size = 5},
        {.version = "v2", .modified = "t2", .device = "e", .device_name = "desk", .content_type = "x", .size = 10}};
    if (!merges) out.clashes = {"value/password", "attributes/url"};
    return out;
  }
};

}  // namespace

TEST_CASE("conflicts shows who wrote which head, and where they clash, of all pages") {
  Torn daemon;
  const auto ran = daemon.run({"conflicts"});
  const std::string one =
      "a/b\n"
      "  1  put  t1  phone  5 bytes      v1\n"
      "  2  put  t2  desk   10 bytes  x  v2\n"
      "  clash in value/password, attributes/url\n";
  CHECK(ran.code == 0);
  CHECK(ran.out == one + one);
  CHECK(daemon.run({"conflicts", "m"}).out.ends_with("  can be merged: resolve --merge\n"));
  const auto items = json::parse(daemon.run({"conflicts", "--json"}).out).at("items").as_array();
  REQUIRE(items.size() == 2);
  CHECK(items[0].at("heads").at(1).at("device_name").as_string() == "desk");
  CHECK(items[0].at("ancestor").as_string() == "v0");
}

TEST_CASE("conflicts --diff shows what each head has changed, without what a terminal would act on") {
  Torn daemon;
  const auto out = daemon.run({"conflicts", "a/b", "--diff"}).out;
  CHECK(out.find("--- a/b v0\n+++ 1 t1 phone\n@@ -1,2 +1,2 @@\n one\n-two\n+2\x1b[2J\n") != std::string::npos);
  CHECK(out.find("+++ 2 t2 desk\n@@ -1,2 +1,2 @@\n-one\n+one\tI\n two\n") != std::string::npos);
  AtTerminal colors{{"conflicts", "a/b", "--diff"}, daemon.environment()};
  CHECK(colors.end() == 0);
  CHECK(colors.all().find("\x1b[32m+2\\x1b[2J\x1b[0m\r\n") != std::string::npos);
  CHECK(colors.all().find("\x1b[31m-two\x1b[0m\r\n") != std::string::npos);
  auto environment = daemon.environment();
  environment.push_back("NO_COLOR=1");
  AtTerminal plain{{"conflicts", "a/b", "--diff"}, environment};
  CHECK(plain.end() == 0);
  CHECK(plain.all().find('\x1b') == std::string::npos);
}

TEST_CASE("resolve takes a version or a merge, and off a terminal one of them") {
  Torn daemon;
  CHECK(daemon.run({"resolve", "a/b", "v2"}).code == 0);
  CHECK(daemon.run({"resolve", "a/b", "--merge", "--json"}).out == "{\"version\":\"v3\"}\n");
  CHECK(daemon.run({"resolve", "a/b", "v2", "--if-heads", "v1", "--if-heads", "v2"}).code == 0);
  REQUIRE(daemon.asked.size() == 3);
  CHECK((daemon.asked[0].version == "v2" && !daemon.asked[0].merge && !daemon.asked[0].if_heads));
  CHECK((daemon.asked[1].merge == true && !daemon.asked[1].version));
  CHECK(daemon.asked[2].if_heads == Words{"v1", "v2"});
  CHECK(daemon.run({"resolve", "a/b"}).code == 2);
  CHECK(daemon.run({"resolve", "a/b", "v1", "--merge"}).code == 2);
  CHECK(daemon.asked.size() == 3);
}

TEST_CASE("resolve on a terminal shows the heads, asks, and writes only over those that it showed") {
  Torn daemon;
  AtTerminal terminal{{"resolve", "a/b"}, daemon.environment()};
  REQUIRE(terminal.shows("clash in value/password"));
  REQUIRE(terminal.shows("or nothing: "));
  terminal.type("7\n");
  REQUIRE(terminal.shows("or nothing: "));
  terminal.type("m\n");  // these cannot be merged
  REQUIRE(terminal.shows("or nothing: "));
  terminal.type("d\n");
  REQUIRE(terminal.shows("-two"));
  REQUIRE(terminal.shows("or nothing: "));
  terminal.type("2\n");
  CHECK(terminal.end() == 0);
  REQUIRE(daemon.asked.size() == 1);
  CHECK(daemon.asked[0].version == "v2");
  CHECK(daemon.asked[0].if_heads == Words{"v1", "v2"});

  AtTerminal merging{{"resolve", "m"}, daemon.environment()};
  REQUIRE(merging.shows("m to merge"));
  merging.type("m\n");
  CHECK(merging.end() == 0);
  REQUIRE(daemon.asked.size() == 2);
  CHECK(daemon.asked[1].merge == true);

  AtTerminal leaving{{"resolve", "a/b"}, daemon.environment()};
  REQUIRE(leaving.shows("or nothing: "));
  leaving.type("\n");
  CHECK(leaving.end() == 3);
  AtTerminal single{{"resolve", "c"}, daemon.environment()};
  REQUIRE(single.shows("nothing to resolve"));
  CHECK(single.end() == 0);
  CHECK(daemon.asked.size() == 2);
}

TEST_CASE("get and ls say that there is more than one head") {
  Torn daemon;
  const auto got = daemon.run({"get", "a/b"});
  CHECK(got.out == "one\tI\ntwo\n");
  CHECK(got.err.find("2 heads") != std::string::npos);
  CHECK(daemon.run({"get", "a/b", "--version", "v1"}).err.empty());
  CHECK(daemon.run({"get", "a/b", "--json"}).err.empty());
  CHECK(daemon.run({"ls"}).out == "a/b\nc\n");
  AtTerminal terminal{{"ls"}, daemon.environment()};
  CHECK(terminal.end() == 0);
  CHECK(terminal.all().find("a/b") == 0);
  CHECK(terminal.all().find("(2 heads)") != std::string::npos);
}

}  // namespace conflicts_test
