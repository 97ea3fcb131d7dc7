// SPDX-License-Identifier: Apache-2.0
// JSON as somebody wrote it: a tree of views into the text. What is written again from it keeps its spelling: the order
// of members, spaces, numbers that no double holds. For items' values; messages are read with ipc/json.hpp.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vault::ipc {

struct JsonText {
  enum class Kind { object, array, string, number, literal };
  struct Member;

  Kind kind = Kind::literal;
  std::string_view text;           // of this value, without the space around it
  std::vector<Member> members;     // of an object, as they are written
  std::vector<JsonText> elements;  // of an array
  std::string_view tail;           // the space before an object's closing brace
};

struct JsonText::Member {
  std::string_view lead;   // the space before the key
  std::string_view key;    // with its quotes and escapes
  std::string_view colon;  // what stands between key and value
  JsonText value;
};

// Nothing for what RFC 8259 does not allow, bytes that are no UTF-8, a lone surrogate, a key twice in one object, or
// more than limits::json_depth values in one another. Points into `text`.
std::optional<JsonText> read_json_text(std::string_view text);

// What two strings say, with their quotes, however it is escaped: by code points.
std::strong_ordering compare_strings(std::string_view a, std::string_view b);

// An object's members in the order of their keys.
std::vector<const JsonText::Member*> by_key(const JsonText& object);

// The member with that key, among those in the order of their keys, or null.
const JsonText::Member* find_key(const std::vector<const JsonText::Member*>& sorted, std::string_view key);

// One value, whatever the order of members and the escapes of strings. Numbers are the same when they are spelt so.
bool same(const JsonText& a, const JsonText& b);

// What a string says, in UTF-8. It is not wiped: for names of members, never for values.
std::string unescaped(std::string_view string);

}  // namespace vault::ipc
