// SPDX-License-Identifier: Apache-2.0
// Log lines for the journal: a level, an event, numbers. Each line goes to stderr with the <N> prefix that
// sd-daemon(3) defines, and only when stderr is the journal; a terminal or a file gets the word instead.
//
// An event is a string literal and a field is a number or an error: there is no way to log a name, a
// password or anything else that a person or a peer wrote.
#pragma once

#include <boost/system/error_code.hpp>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <variant>

namespace vault::log {

class Literal {
 public:
  template <std::size_t N>
  consteval Literal(const char (&text)[N]) : text_(text) {}
  const char* text() const { return text_; }

 private:
  const char* text_;
};

struct Field {
  template <std::integral T>
  Field(Literal k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(Literal k, boost::system::error_code v) : key(k), value(v) {}
  Literal key;
  std::variant<std::int64_t, boost::system::error_code> value;
};

enum class Level { error = 3, warning = 4, info = 6, debug = 7 };

void set_level(Level most);  // lines above it are dropped; info until set
void line(Level level, Literal event, std::initializer_list<Field> fields = {});

inline void error(Literal event, std::initializer_list<Field> fields = {}) { line(Level::error, event, fields); }
inline void warning(Literal event, std::initializer_list<Field> fields = {}) { line(Level::warning, event, fields); }
inline void info(Literal event, std::initializer_list<Field> fields = {}) { line(Level::info, event, fields); }
inline void debug(Literal event, std::initializer_list<Field> fields = {}) { line(Level::debug, event, fields); }

}  // namespace vault::log
