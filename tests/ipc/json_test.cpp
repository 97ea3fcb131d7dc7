// SPDX-License-Identifier: Apache-2.0
#include "ipc/json.hpp"

#include <boost/json/object.hpp>
#include <string>

#include "base/limits.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using ipc::parse_json;

TEST_CASE("what RFC 8259 does not allow is refused") {
  for (const char* bad : {"",       " ",       "{",         "}",     "[1,]",           "{\"a\":1,}",
                          "{a:1}",  "'a'",     "nul",       "NaN",   "Infinity",       "-",
                          "01",     "1.",      ".5",        "+1",    "0x10",           "1e",
                          "\"\t\"", "\"\\x\"", "\"\\u12\"", "\"a",   "[1 2]",          "{\"a\" 1}",
                          "1 2",    "{}{}",    "{} x",      "/**/1", "\xEF\xBB\xBF{}", "[\"a\",\n4\n,1,"}) {
    INFO(bad);
    const auto value = parse_json(bad);
    REQUIRE_FALSE(value);
    CHECK(value.error() == Errc::usage);
  }
  CHECK_FALSE(parse_json(std::string_view{"{}\0", 3}));
  CHECK_FALSE(parse_json(std::string_view{"\"a\0b\"", 5}));
}

TEST_CASE("UTF-8 that is not valid and lone surrogates are refused") {
  for (const char* bad : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"",
                          "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "{\"\xFF\":1}"}) {
    INFO(bad);
    CHECK_FALSE(parse_json(bad));
  }
  CHECK(parse_json("\"\\ud83d\\ude00 \xF0\x9F\x98\x80\""));
}

TEST_CASE("a key twice in one object is refused at any depth, and allowed in two objects") {
  CHECK_FALSE(parse_json(R"({"a":1,"a":1})"));
  CHECK_FALSE(parse_json(R"([{"b":{"a":1,"c":2,"a":3}}])"));
  CHECK_FALSE(parse_json(R"({"a":1,"\u0061":2})"));
  CHECK(parse_json(R"({"a":{"a":1},"b":{"a":2}})"));
}

TEST_CASE("a number that no double can hold is refused") {
  for (const char* bad : {"1e309", "-1e309", "[1e400]", "1e99999999999"}) CHECK_FALSE(parse_json(bad));
  CHECK(parse_json("1e308"));
}

TEST_CASE("nesting up to the limit is read, and beyond it refused as too deep without using the stack") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_json(nested(limits::json_depth)));
  CHECK(parse_json(nested(limits::json_depth + 1)).error() == Errc::limit);
  CHECK(parse_json(std::string(1'000'000, '[')).error() == Errc::limit);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(parse_json(objects).error() == Errc::limit);
}

TEST_CASE("what is parsed lives in wiping memory, and is written back as it was") {
  const std::string text = R"({"a":[1,-2,18446744073709551615,1.5E0,true,null,"x\n\u0001é"],"b":{}})";
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK(value->storage() == ipc::json_storage());
  CHECK(value->at("a").at(6).storage() == ipc::json_storage());
  ipc::Wire out;
  ipc::write_json(out, *value);
  CHECK(ipc::text_of(out) == text);
}

TEST_CASE("a text of many buffers' length is written whole") {
  const std::string long_text(300'000, 'x');
  ipc::Wire out;
  ipc::write_json(out, boost::json::value(long_text));
  CHECK(ipc::text_of(out) == "\"" + long_text + "\"");
}
