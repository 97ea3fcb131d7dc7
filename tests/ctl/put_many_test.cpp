// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <set>

#include "base/limits.hpp"
#include "ipc/api.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace json = boost::json;

namespace {

// Notes what it is to write, and refuses one name.
struct Notebook : FakeDaemon {
  std::vector<std::size_t> batches;
  std::vector<std::string> names;
  std::vector<ipc::PutParams> items;
  std::set<std::string> there;  // in the vault before
  std::string refuses;
  bool locked = false;
  std::size_t tries = 0;  // dry runs with an item

  Notebook() {
    registry.on(ipc::methods::item_put_many,
                [this](ipc::PutManyParams p, ipc::Call& call) -> boost::asio::awaitable<Result<ipc::PutManyResult>> {
                  if (locked) co_return Errc::locked;
                  for (std::size_t i = 0; i < p.items.size(); ++i) {
                    if (p.items[i].name != refuses) continue;
                    call.details["item"] = i;
                    call.details["name"] = refuses;
                    co_return Errc::conflict;
                  }
                  co_return write(std::move(p));
                });
    on(ipc::methods::item_list, [this](ipc::ListParams p) -> Result<ipc::ListResult> {
      ipc::ListResult out;
      for (const auto& name : there)
        if (name.starts_with(*p.prefix)) out.items.push_back({.name = name});
      return out;
    });
    start();
  }

  ipc::PutManyResult write(ipc::PutManyParams p) {
    ipc::PutManyResult out;
    if (p.dry_run.value_or(false)) {
      if (!p.items.empty()) ++tries;
      return out;
    }
    batches.push_back(p.items.size());
    for (auto& item : p.items) {
      names.push_back(item.name);
      out.versions.push_back("v" + std::to_string(names.size()));
      items.push_back(std::move(item));
    }
    return out;
  }
};

std::string line(const std::string& name, const std::string& value = "x") {
  return R"({"name":")" + name + R"(","value":")" + value + "\"}\n";
}

json::object error_of(const Ran& ran) { return json::parse(ran.err).at("error").as_object(); }

}  // namespace

TEST_CASE("put-many writes its lines in order, in batches that fit a frame and a commit") {
  Notebook book;
  std::string small, large;
  for (int i = 0; i < 2500; ++i) small += line("n" + std::to_string(i), "");
  CHECK(book.run({"put-many"}, small).out == "2500 items in 3 commits\n");
  CHECK(book.batches == std::vector<std::size_t>{1000, 1000, 500});
  REQUIRE(book.names.size() == 2500);
  CHECK(book.names[2499] == "n2499");

  book.batches.clear();
  for (int i = 0; i < 20; ++i) large += line("x" + std::to_string(i), std::string(60'000, 'x'));
  large.pop_back();  // the last line need not end
  const auto as_json = book.run({"put-many", "--json"}, large);
  CHECK(json::parse(as_json.out).at("versions").as_array().size() == 20);
  CHECK(book.batches == std::vector<std::size_t>{13, 7});
}

TEST_CASE("put-many names the line and the item that it refuses, and says what was written before") {
  Notebook book;
  const auto bad = book.run({"put-many"}, line("a") + "\n\r\n{\"name\":\"b\",\"value\":7}\n");
  CHECK(bad.code == 2);
  CHECK(bad.err == "vaultctl: line 4, b: item.value must be a string (nothing was written)\n");
  CHECK(book.run({"put-many"}, "{\"name\":\"a\"").err ==
        "vaultctl: line 1: this is no object in strict JSON (nothing was written)\n");
  const auto long_line = book.run({"put-many"}, line("a") + std::string(1100'000, 'x'));
  CHECK(long_line.code == 14);
  CHECK(long_line.err.find("line 2") != std::string::npos);
  CHECK(book.run({"put-many"}, "").out == "0 items in 0 commits\n");

  std::string many;
  for (int i = 0; i < 1500; ++i) many += line("n" + std::to_string(i)) + (i == 0 ? "\n" : "");
  book.refuses = "n1200";
  const auto clash = book.run({"put-many"}, many);
  CHECK(clash.code == 8);
  CHECK(
      clash.err ==
      "vaultctl: line 1202, n1200: somebody else wrote in between (1000 items were written, those up to line 1001)\n");
  const auto error = error_of(book.run({"put-many", "--json"}, many));
  CHECK(error.at("line").as_int64() == 1202);
  CHECK(error.at("name").as_string() == "n1200");
  CHECK(error.at("written").as_int64() == 1000);
}

TEST_CASE("put-many of a locked vault reads nothing") {
  Notebook book;
  book.locked = true;
  AtTerminal terminal{{"put-many"}, book.environment()};  // which nobody types into
  CHECK(terminal.end() == 5);
}

TEST_CASE("put-many --check finds the line that would be refused, and writes nothing") {
  Notebook book;
  CHECK(book.run({"put-many", "--check"}, line("a") + line("b")).out == "2 items would be written\n");
  CHECK(book.tries == 1);
  book.refuses = "b";
  const auto bad = book.run({"put-many", "--check"}, line("a") + line("b"));
  CHECK(bad.code == 8);
  CHECK(bad.err == "vaultctl: line 2, b: somebody else wrote in between (nothing is written by a check)\n");
  CHECK(book.names.empty());
}

TEST_CASE("a name that comes twice is what the person decides") {
  Notebook book;
  book.there = {"a (2)"};
  const auto input = line("a", "1") + line("b") + line("a", "2") + line("a (3)", "3") + line("a", "4");
  const auto refused = book.run({"put-many"}, input);
  CHECK(refused.code == 2);
  CHECK(refused.err ==
        "vaultctl: line 3, a: the name came in line 1 already: --on-duplicate rename or last says what to do "
        "(nothing was written)\n");
  CHECK(book.names.empty());

  const auto renamed = book.run({"put-many", "--on-duplicate", "rename"}, input);
  CHECK(renamed.out ==
        "line 3, a: written as a (3)\n"
        "line 4, a (3): written as a (3) (2)\n"
        "line 5, a: written as a (4)\n"
        "5 items in 1 commits\n");
  CHECK(book.names == std::vector<std::string>{"a", "b", "a (3)", "a (3) (2)", "a (4)"});
  CHECK(book.items[2].if_version == "none");
  CHECK_FALSE(book.items[0].if_version);

  book.names.clear();
  book.batches.clear();
  CHECK(book.run({"put-many", "--on-duplicate", "last"}, input).code == 0);
  CHECK(book.names == std::vector<std::string>{"a", "b", "a", "a (3)", "a"});
  CHECK(book.batches == std::vector<std::size_t>{2, 2, 1});
  CHECK(book.run({"put-many", "--on-duplicate", "first"}, input).code == 2);
}

TEST_CASE("put-many takes what get --json and the reader show, and says that a large value is not in its line") {
  Notebook book;
  const std::string shown =
      R"({"name":"a","value":"é","content_type":"t","attributes":{"k":"v"},"version":"v1","modified":"m","heads":["v1"]})"
      "\n"
      R"({"name":"b","value_base64":"AP8=","content_type":"","attributes":{},"version":"v1","clock":7,"wall":8,"heads":[]})"
      "\n";
  CHECK(book.run({"put-many"}, shown).code == 0);
  REQUIRE(book.items.size() == 2);
  CHECK(book.items[0].content_type == "t");
  CHECK(book.items[0].attributes == ipc::Attributes{{"k", "v"}});
  CHECK(book.items[1].content_type == "");
  CHECK(book.items[1].attributes == ipc::Attributes{});
  const auto large = book.run({"put-many"}, R"({"name":"film","value_base64":null,"size":70000,"content_type":""})");
  CHECK(large.code == 2);
  CHECK(large.err.find("line 1, film: the line has no value: it is a large one") != std::string::npos);
  CHECK(book.run({"put-many"}, R"({"name":"a","value":"","typo":1})").err.find("item.typo is unknown") !=
        std::string::npos);
}
