// SPDX-License-Identifier: Apache-2.0
#include "ipc/json_text.hpp"

#include <boost/json/parse.hpp>

#include "base/limits.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using ipc::JsonText;
using ipc::read_json_text;

namespace json_text_test {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

bool are_same(std::string_view a, std::string_view b) {
  const auto one = read_json_text(a), other = read_json_text(b);
  REQUIRE(one);
  REQUIRE(other);
  return same(*one, *other) && same(*other, *one);
}

}  // namespace

TEST_CASE("JSON of every kind is read, with its spelling") {
  for (const char* text : {"null", " true ", "false", "0", "-0", "12345678901234567890", "1e400", "-1.50E+07", "\"\"",
                           "[]", "[ ]", "{}", "{ }", R"(["a",{"b":[null]}])", R"({"a":1,"b":{"c":[]}})",
                           "\"\\ud83d\\ude00 \\u0000 \xF0\x9F\x98\x80\"", "\r\n\t{\"\":\"\"}\n"}) {
    INFO(text);
    CHECK(read_json_text(text));
  }
  const auto object = read_json_text("{ \"a\" : 1.0 ,\n\"b\":2\n}");
  REQUIRE(object);
  REQUIRE(object->members.size() == 2);
  CHECK(object->members[0].lead == " ");
  CHECK(object->members[0].colon == " : ");
  CHECK(object->members[0].value.text == "1.0");
  CHECK(object->members[0].trail == " ");
  CHECK(object->members[1].lead == "\n");
  CHECK(object->members[1].key == "\"b\"");
  CHECK(object->tail == "\n");
}

TEST_CASE("what is no JSON, says a key twice or is too deep is refused") {
  for (const std::string text : {"",
                                 " ",
                                 "nul",
                                 "nulll",
                                 "01",
                                 "1.",
                                 ".5",
                                 "+1",
                                 "-",
                                 "1e",
                                 "1.true",
                                 "-true",
                                 "[1,]",
                                 "[,]",
                                 "[1 2]",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{a:1}",
                                 "{\"a\":1 \"b\":2}",
                                 "\"a",
                                 "\"\\x\"",
                                 "\"\\u12g4\"",
                                 "\"\\ud800\"",
                                 "\"\\udc00\"",
                                 "\"\\ud800\\u0041\"",
                                 "\"\t\"",
                                 "\"\xFF\"",
                                 "\"\xC0\x80\"",
                                 "{} {}",
                                 "[",
                                 "{\"a\":1",
                                 "{\"a\":1,\"\\u0061\":2}",
                                 "{\"b\":{\"a\":1,\"c\":0,\"a\":1}}",
                                 "\"\\"}) {
    INFO(text);
    CHECK_FALSE(read_json_text(text));
  }
  CHECK(read_json_text(nested(limits::json_depth)));
  CHECK_FALSE(read_json_text(nested(limits::json_depth + 1)));
}

TEST_CASE(
    "values are the same whatever their spaces, escapes and order of members, and numbers only as they are spelt") {
  CHECK(are_same(R"({"a":1,"b":[true,"é"]})", " { \"b\" : [ true, \"\\u00e9\" ] , \"\\u0061\":1 }"));
  CHECK(are_same("\"\\ud83d\\ude00\\/\"", "\"\xF0\x9F\x98\x80/\""));
  CHECK_FALSE(are_same("1", "1.0"));
  CHECK_FALSE(are_same("[1,2]", "[2,1]"));
  CHECK_FALSE(are_same("[1]", "[1,1]"));
  CHECK_FALSE(are_same(R"({"a":1})", R"({"a":1,"b":1})"));
  CHECK_FALSE(are_same(R"({"a":1})", R"({"b":1})"));
  CHECK_FALSE(are_same("null", "false"));
  CHECK_FALSE(are_same("\"1\"", "1"));
  CHECK_FALSE(are_same("{}", "[]"));
}

TEST_CASE("a member is found by what its key says, and strings are unescaped to UTF-8") {
  const auto object = read_json_text("{\"z\":1,\"\\u00e4\\n\":2,\"a\":3}");
  REQUIRE(object);
  const auto sorted = by_key(*object);
  REQUIRE(find_key(sorted, "\"\xC3\xA4\\u000a\"") != nullptr);
  CHECK(find_key(sorted, "\"\xC3\xA4\\u000a\"")->value.text == "2");
  CHECK(find_key(sorted, "\"b\"") == nullptr);
  CHECK(ipc::unescaped("\"\\ud83d\\ude00\\t\\u20ac\\u00e4\\\"x\"") == "\xF0\x9F\x98\x80\t\xE2\x82\xAC\xC3\xA4\"x");
}

}  // namespace json_text_test
