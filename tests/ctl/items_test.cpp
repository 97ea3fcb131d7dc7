// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <fstream>

#include "base/limits.hpp"
#include "daemon/errc/errc.hpp"
#include "ipc/api.hpp"
#include "ipc/value.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace json = boost::json;

namespace items_test {
namespace {

// Keeps what was put, gives it back, and is asked for nothing else.
struct Shelf : FakeDaemon {
  std::map<std::string, std::string> values;
  std::optional<ipc::PutParams> last;
  std::optional<ipc::PutManyParams> asked;  // before the value was read
  Shelf() {
    on(ipc::methods::item_put_many, [this](ipc::PutManyParams p) -> Result<ipc::PutManyResult> {
      asked = std::move(p);
      return ipc::PutManyResult{};
    });
    on(ipc::methods::item_put, [this](ipc::PutParams p) -> Result<ipc::VersionResult> {
      auto value = ipc::take_value(p);
      if (!value) return value.error();
      values[p.name] = value->text();
      last = std::move(p);
      return ipc::VersionResult{"v1"};
    });
    on(ipc::methods::item_get, [this](ipc::GetParams p) -> Result<ipc::GetResult> {
      const auto found = values.find(p.name);
      if (found == values.end()) return DaemonErrc::item_not_found;
      ipc::GetResult out;
      out.name = p.name;
      ipc::set_value(out, Secret::copy_of(found->second));
      out.version = p.version.value_or("v1");
      return out;
    });
    start();
  }
};

std::string kind_of(const Ran& ran) { return std::string{json::parse(ran.err).at("error").at("kind").as_string()}; }

}  // namespace

TEST_CASE("put takes the exact bytes of stdin, and get gives them back") {
  Shelf shelf;
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  for (const std::string& value : {std::string{}, std::string{"\n"}, std::string{"text\n"}, std::string{"ä\0b", 4},
                                   all_bytes, std::string(limits::value_bytes, '\xFF')}) {
    const auto put = shelf.run({"put", "a/b", "--empty"}, value);
    CHECK(put.code == 0);
    CHECK(put.out.empty());
    CHECK(put.err.empty());
    CHECK(shelf.values["a/b"] == value);
    const auto got = shelf.run({"get", "a/b"});
    CHECK(got.code == 0);
    CHECK(got.out == value);
  }
}

TEST_CASE("put takes a file, a type, attributes and a version to replace; options stand on either side") {
  Shelf shelf;
  std::ofstream{shelf.folder().path("f")} << "from a file";
  const auto ran = shelf.run({"--json", "put", "--attr", "k=v", "name", "--attr", "k2=a=b", "--attr", "gone-", "--file",
                              shelf.folder().path("f"), "--type", "text/plain", "--if-version", "v0", "--profile", "p",
                              "--password-fd", "9"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "{\"version\":\"v1\"}\n");
  REQUIRE(shelf.last);
  CHECK(shelf.values["name"] == "from a file");
  CHECK_FALSE(shelf.last->attributes);
  CHECK(json_of(shelf.last->attributes_patch) == R"({"gone":null,"k":"v","k2":"a=b"})");
  CHECK(shelf.last->content_type == "text/plain");
  CHECK(shelf.last->if_version == "v0");
}

TEST_CASE("put says nothing of type and attributes that it was not told") {
  Shelf shelf;
  CHECK(shelf.run({"put", "a"}, "x").code == 0);
  CHECK_FALSE(shelf.last->content_type);
  CHECK_FALSE(shelf.last->attributes);
  CHECK_FALSE(shelf.last->attributes_patch);
  CHECK_FALSE(shelf.last->if_version);
  CHECK(shelf.run({"put", "a", "--type", "", "--new"}, "x").code == 0);
  CHECK(shelf.last->content_type == "");
  CHECK(shelf.last->if_version == "none");
  CHECK(shelf.run({"put", "a", "--new", "--if-version", "v0"}, "x").code == 2);
}

TEST_CASE("an empty standard input is refused without --empty, and an empty file that is named is not") {
  Shelf shelf;
  const auto ran = shelf.run({"put", "a"});
  CHECK(ran.code == 2);
  CHECK(ran.err == "vaultctl: standard input is empty, so nothing was written: --empty writes an empty value\n");
  CHECK(shelf.run({"put", "a", "--file", "/dev/null"}).code == 2);
  CHECK(shelf.values.empty());
  CHECK(shelf.run({"put", "a", "--empty"}).code == 0);
  std::ofstream{shelf.folder().path("f")}.close();
  CHECK(shelf.run({"put", "b", "--file", shelf.folder().path("f")}).code == 0);
  CHECK(shelf.values == decltype(shelf.values){{"a", ""}, {"b", ""}});
}

TEST_CASE("put asks whether it may, with all but the value, and asks nobody for a value if not") {
  FakeDaemon daemon;
  std::optional<ipc::PutManyParams> asked;
  daemon.on(ipc::methods::item_put_many, [&asked](ipc::PutManyParams p) -> Result<ipc::PutManyResult> {
    asked = std::move(p);
    return Errc::locked;
  });
  daemon.start();
  AtTerminal terminal{{"put", "a", "--type", "t", "--attr", "k=v"}, daemon.environment()};
  CHECK(terminal.end() == 5);
  CHECK(terminal.all().find("Type the value") == std::string::npos);
  REQUIRE(asked);
  CHECK(asked->dry_run == true);
  REQUIRE(asked->items.size() == 1);
  CHECK(asked->items[0].name == "a");
  CHECK(asked->items[0].content_type == "t");
  CHECK(json_of(asked->items[0].attributes_patch) == R"({"k":"v"})");
}

TEST_CASE("a bad attribute, and a file that is not there, are refused before anything is sent") {
  Shelf shelf;
  CHECK(shelf.run({"put", "a", "--attr", "novalue"}).code == 2);
  CHECK(shelf.run({"put", "a", "--attr", "-"}).code == 2);
  CHECK(shelf.run({"put", "a", "--attr", "k=1", "--attr", "k-"}).code == 2);
  CHECK(shelf.run({"put", "a", "--attr", "k=1", "--attr", "k=2"}).code == 2);
  const auto none = shelf.run({"put", "a", "--file", "/none"});
  CHECK(none.code == 2);
  CHECK(none.err == "vaultctl: cannot read /none: No such file or directory\n");
  CHECK(shelf.values.empty());
}

TEST_CASE("what is not found exits 7, with a sentence or with JSON") {
  Shelf shelf;
  const auto plain = shelf.run({"get", "nothing"});
  CHECK(plain.code == 7);
  CHECK(plain.out.empty());
  CHECK(plain.err == "vaultctl: there is no such item\n");
  const auto as_json = shelf.run({"get", "nothing", "--json"});
  CHECK(as_json.code == 7);
  CHECK(as_json.out.empty());
  CHECK(kind_of(as_json) == "E_NOT_FOUND");
}

TEST_CASE("get --json is the daemon's result; get --version asks for that one; a name may begin with a dash") {
  Shelf shelf;
  shelf.values["-n"] = "x";
  const auto ran = shelf.run({"--json", "get", "--version", "v7", "--", "-n"});
  CHECK(ran.code == 0);
  CHECK(json::parse(ran.out) ==
        json::parse(
            R"({"name":"-n","value":"x","content_type":"","attributes":{},"version":"v7","modified":"","heads":[]})"));
}

TEST_CASE("on a terminal get adds one newline") {
  Shelf shelf;
  shelf.values["a"] = "value";
  AtTerminal terminal{{"get", "a"}, shelf.environment()};
  CHECK(terminal.end() == 0);
  CHECK(terminal.all() == "value\r\n");
}

TEST_CASE("ls goes through all pages, one full name a line") {
  FakeDaemon daemon;
  std::vector<std::optional<std::string>> cursors;
  daemon.on(ipc::methods::item_list, [&cursors](ipc::ListParams p) -> Result<ipc::ListResult> {
    cursors.push_back(p.cursor);
    ipc::ListItem item{.name = p.prefix.value_or("") + std::to_string(cursors.size()),
                       .version = "v",
                       .modified = "2026-01-02T03:04:05.678Z",
                       .content_type = "text/plain",
                       .size = 12,
                       .heads = cursors.size()};
    if (p.with_attributes.value_or(false)) {
      item.attributes.emplace();
      if (cursors.size() == 2) item.attributes = ipc::Attributes{{"k", "v"}, {"url", "a=b"}};
      if (cursors.size() == 3) item.attributes.reset();
    }
    return ipc::ListResult{
        {item}, cursors.size() % 3 ? std::optional<std::string>{"c" + std::to_string(cursors.size())} : std::nullopt};
  });
  daemon.start();
  CHECK(daemon.run({"ls", "p/"}).out == "p/1\np/2\np/3\n");
  CHECK(cursors == decltype(cursors){std::nullopt, "c1", "c2"});
  cursors.clear();
  CHECK(daemon.run({"ls", "-l"}).out ==
        "2026-01-02T03:04:05.678Z  12  text/plain           1\n"
        "2026-01-02T03:04:05.678Z  12  text/plain  2 heads  2\n"
        "  k=v\n"
        "  url=a=b\n"
        "2026-01-02T03:04:05.678Z  12  text/plain  3 heads  3\n"
        "  (its attributes cannot be read)\n");
  cursors.clear();
  CHECK(json::parse(daemon.run({"ls", "--json"}).out).at("items").as_array().size() == 3);
}

TEST_CASE("control characters in a name are escaped on a terminal, and exact off it") {
  FakeDaemon daemon;
  daemon.on(ipc::methods::item_list, [](ipc::ListParams) -> Result<ipc::ListResult> {
    return ipc::ListResult{{{.name = "a\x1b[2J\xC2\x9B ä"}}, {}};
  });
  daemon.start();
  CHECK(daemon.run({"ls"}).out == "a\x1b[2J\xC2\x9B ä\n");
  AtTerminal terminal{{"ls"}, daemon.environment()};
  CHECK(terminal.end() == 0);
  CHECK(terminal.all() == "a\\x1b[2J\\xc2\\x9b ä\r\n");
}

TEST_CASE("rm, restore and history ask for what they say") {
  FakeDaemon daemon;
  std::string asked;
  daemon.on(ipc::methods::item_remove, [&asked](ipc::RemoveParams p) -> Result<ipc::VersionResult> {
    asked = "rm " + p.name;
    return ipc::VersionResult{"v2"};
  });
  daemon.on(ipc::methods::item_restore, [&asked](ipc::RestoreParams p) -> Result<ipc::VersionResult> {
    asked = "restore " + p.name + " " + p.version;
    return ipc::VersionResult{"v3"};
  });
  daemon.on(ipc::methods::item_history, [](ipc::HistoryParams) -> Result<ipc::HistoryResult> {
    return ipc::HistoryResult{{{.version = "v2",
                                .operation = ipc::Operation::remove,
                                .modified = "t2",
                                .device = "d",
                                .device_name = "laptop",
                                .content_type = "",
                                .size = 0,
                                .replaces = {"v1"},
                                .winner = true,
                                .head = true},
                               {.version = "v1",
                                .operation = ipc::Operation::put,
                                .modified = "t1",
                                .device = "d",
                                .device_name = "phone",
                                .content_type = "",
                                .size = 5,
                                .replaces = {},
                                .winner = false,
                                .head = false}},
                              {}};
  });
  daemon.start();
  CHECK(daemon.run({"rm", "n"}).code == 0);
  CHECK(asked == "rm n");
  CHECK(daemon.run({"restore", "n", "v1"}).code == 0);
  CHECK(asked == "restore n v1");
  CHECK(daemon.run({"history", "n"}).out ==
        "v2  t2  remove  0  current  laptop\n"
        "v1  t1  put     5           phone\n");
}

TEST_CASE("a conflict exits 8 and names the heads") {
  FakeDaemon daemon;
  daemon.registry.on(ipc::methods::item_put_many,
                     [](ipc::PutManyParams, ipc::Call& call) -> boost::asio::awaitable<Result<ipc::PutManyResult>> {
                       call.details.emplace("item", 0);
                       call.details.emplace("name", "a");
                       call.details.emplace("heads", json::array{"v1", "v2"});
                       co_return Errc::conflict;
                     });
  daemon.start();
  const auto plain = daemon.run({"put", "a"});
  CHECK(plain.code == 8);
  CHECK(plain.err == "vaultctl: somebody else wrote in between\n  head v1\n  head v2\n");
  const auto error = json::parse(daemon.run({"put", "a", "--json"}).err).at("error").as_object();
  CHECK(error.at("heads").as_array().size() == 2);
  CHECK_FALSE(error.contains("item"));
}

}  // namespace items_test
