// SPDX-License-Identifier: Apache-2.0
// Reads JSON into a tree of views of its text, so that writing it again keeps its spelling: the order of members,
// spaces, numbers that no double holds. Used for items' values; ipc/json.hpp reads messages.
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
  std::string_view text;           // the value, without the space around it
  std::vector<Member> members;     // of an object, in the order of the text
  std::vector<JsonText> elements;  // of an array
  std::string_view tail;           // the space before an object's closing brace
};

struct JsonText::Member {
  std::string_view lead;   // the space before the key
  std::string_view key;    // with its quotes and escapes
  std::string_view colon;  // the text between key and value
  JsonText value;
  std::string_view trail;  // the space before the comma that follows; empty for the last member
};

// Reads `text` into views of it. Returns nullopt for what RFC 8259 does not allow, invalid UTF-8, a lone surrogate, the
// same key twice in one object, or values nested deeper than limits::json_depth.
std::optional<JsonText> read_json_text(std::string_view text);

// Compares two strings by their code points, however they are escaped. Both have their quotes.
std::strong_ordering compare_strings(std::string_view a, std::string_view b);

// Returns an object's members, sorted by key.
std::vector<const JsonText::Member*> by_key(const JsonText& object);

// Returns the member with `key` among sorted members, or nullptr.
const JsonText::Member* find_key(const std::vector<const JsonText::Member*>& sorted, std::string_view key);

// True if both are the same value, whatever the order of members and the escapes of strings. Numbers are the same if
// they are spelt the same.
bool same(const JsonText& a, const JsonText& b);

// Returns a string's text in UTF-8. Use it for names of members, never for values: the result is not wiped.
std::string unescaped(std::string_view string);

}  // namespace vault::ipc
