// SPDX-License-Identifier: Apache-2.0
#include "ipc/json_text.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "ipc/value.hpp"

namespace vault::ipc {
namespace {

using Member = JsonText::Member;
using Kind = JsonText::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<char32_t> hex_digit(char c) {
  if (is_digit(c)) return static_cast<char32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<char32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<char32_t>(c - 'A' + 10);
  return std::nullopt;
}

// Returns the number in the four hex digits that `text` begins with.
std::optional<char32_t> four_digits(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  char32_t out = 0;
  for (const char c : text.substr(0, 4)) {
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    out = out << 4 | *digit;
  }
  return out;
}

// -- Strings. They are read a character at a time, so that no copy has to be wiped.

struct Character {
  char32_t code = 0;
  std::size_t size = 0;  // bytes of its spelling; 0 if it is malformed
};

// Requires: `text` starts after \u.
Character escaped_unit(std::string_view text) {
  const auto first = four_digits(text);
  if (!first) return {};
  if (*first < 0xD800 || *first > 0xDFFF) return {*first, 6};
  const auto rest = text.substr(4);
  const auto second = rest.starts_with("\\u") ? four_digits(rest.substr(2)) : std::nullopt;
  if (*first > 0xDBFF || !second || *second < 0xDC00 || *second > 0xDFFF) return {};
  return {0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), 12};
}

// Requires: `text` starts after the backslash.
Character escape(std::string_view text) {
  static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (text.empty()) return {};
  if (text[0] == 'u') return escaped_unit(text.substr(1));
  const auto at = letters.find(text[0]);
  if (at == std::string_view::npos) return {};
  return {static_cast<char32_t>(meanings[at]), 2};
}

// Requires: `text` is UTF-8 and not empty.
Character plain(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20) return {};
  if (first < 0x80) return {first, 1};
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t code = first & (0x7Fu >> size);
  for (const char c : text.substr(1, size - 1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return {code, size};
}

Character character(std::string_view text) { return text[0] == '\\' ? escape(text.substr(1)) : plain(text); }

std::string_view inside(std::string_view string) { return string.substr(1, string.size() - 2); }

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  if (code < 0x10000) put(0xE0 | code >> 12);
  else put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F));
  put(0x80 | (code >> 6 & 0x3F));
  put(0x80 | (code & 0x3F));
}

bool key_below(const Member* a, const Member* b) { return compare_strings(a->key, b->key) < 0; }

// -- Reading

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<JsonText> all() {
    JsonText out;
    space();
    if (!value(out, 1)) return std::nullopt;
    space();
    if (at_ != text_.size()) return std::nullopt;
    return out;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) { return peek() == c && ++at_; }
  std::string_view since(std::size_t from) const { return text_.substr(from, at_ - from); }

  std::string_view space() {
    const auto from = at_;
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    return since(from);
  }

  bool value(JsonText& out, std::size_t depth) {
    if (depth > limits::json_depth) return false;
    const auto from = at_;
    const bool good = peek() == '{'                       ? object(out, depth)
                      : peek() == '['                     ? array(out, depth)
                      : peek() == '"'                     ? string(out)
                      : peek() == '-' || is_digit(peek()) ? number(out)
                                                          : literal(out);
    out.text = since(from);
    return good;
  }

  bool string(JsonText& out) {
    out.kind = Kind::string;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      const auto size = character(text_.substr(at_)).size;
      if (size == 0) return false;
      at_ += size;
    }
    return take('"');
  }

  bool digits() {
    const auto from = at_;
    while (is_digit(peek())) ++at_;
    return at_ > from;
  }

  bool number(JsonText& out) {
    out.kind = Kind::number;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() != 'e' && peek() != 'E') return true;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    return digits();
  }

  bool literal(JsonText& out) {
    out.kind = Kind::literal;
    for (const std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    return false;
  }

  bool array(JsonText& out, std::size_t depth) {
    out.kind = Kind::array;
    ++at_;
    space();
    if (take(']')) return true;
    do {
      space();
      if (!value(out.elements.emplace_back(), depth + 1)) return false;
      space();
    } while (take(','));
    return take(']');
  }

  bool object(JsonText& out, std::size_t depth) {
    out.kind = Kind::object;
    ++at_;
    out.tail = space();
    if (take('}')) return true;
    at_ -= out.tail.size();
    for (bool more = true; more;) {
      if (!member(out.members.emplace_back(), depth)) return false;
      more = take(',');
      (more ? out.members.back().trail : out.tail) = end_;
    }
    return take('}') && keys_differ(out);
  }

  bool member(Member& out, std::size_t depth) {
    JsonText key;
    out.lead = space();
    const auto from = at_;
    if (peek() != '"' || !string(key)) return false;
    out.key = since(from);
    const auto between = at_;
    space();
    if (!take(':')) return false;
    space();
    out.colon = since(between);
    if (!value(out.value, depth + 1)) return false;
    end_ = space();
    return true;
  }

  bool keys_differ(const JsonText& out) {
    const auto sorted = by_key(out);
    return std::adjacent_find(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return !key_below(a, b); }) ==
           sorted.end();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view end_;  // the space behind the last member that was read
};

}  // namespace

std::optional<JsonText> read_json_text(std::string_view text) {
  return is_utf8(text) ? Reader{text}.all() : std::nullopt;
}

std::strong_ordering compare_strings(std::string_view a, std::string_view b) {
  for (a = inside(a), b = inside(b); !a.empty() && !b.empty();) {
    const auto x = character(a), y = character(b);
    if (x.code != y.code) return x.code <=> y.code;
    a.remove_prefix(x.size);
    b.remove_prefix(y.size);
  }
  return !a.empty() <=> !b.empty();
}

std::vector<const Member*> by_key(const JsonText& object) {
  std::vector<const Member*> out;
  for (const auto& member : object.members) out.push_back(&member);
  std::sort(out.begin(), out.end(), key_below);
  return out;
}

const Member* find_key(const std::vector<const Member*>& sorted, std::string_view key) {
  const auto at = std::partition_point(sorted.begin(), sorted.end(),
                                       [key](const auto* member) { return compare_strings(member->key, key) < 0; });
  return at != sorted.end() && compare_strings((*at)->key, key) == 0 ? *at : nullptr;
}

bool same(const JsonText& a, const JsonText& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::object: {
      const auto x = by_key(a), y = by_key(b);
      return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto* m, const auto* n) {
        return compare_strings(m->key, n->key) == 0 && same(m->value, n->value);
      });
    }
    case Kind::array:
      return std::equal(a.elements.begin(), a.elements.end(), b.elements.begin(), b.elements.end(), same);
    case Kind::string:
      return compare_strings(a.text, b.text) == 0;
    default:
      return a.text == b.text;
  }
}

std::string unescaped(std::string_view string) {
  std::string out;
  for (auto rest = inside(string); !rest.empty();) {
    const auto next = character(rest);
    append_utf8(out, next.code);
    rest.remove_prefix(next.size);
  }
  return out;
}

}  // namespace vault::ipc
