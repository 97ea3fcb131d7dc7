// SPDX-License-Identifier: Apache-2.0
// Writes log lines to stderr: a level, an event and numbers. If stderr is the journal, a line begins with the <N> that
// sd-daemon(3) defines; in a terminal or a file it begins with the level as a word.
//
// An event is a string literal and a field is a number or an error, so a name, a password or any other text of a person
// or a peer cannot be logged.
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

// Drops lines less urgent than `most` from now on. Until the first call that is `info`.
void set_level(Level most);
void line(Level level, Literal event, std::initializer_list<Field> fields = {});

inline void error(Literal event, std::initializer_list<Field> fields = {}) { line(Level::error, event, fields); }
inline void warning(Literal event, std::initializer_list<Field> fields = {}) { line(Level::warning, event, fields); }
inline void info(Literal event, std::initializer_list<Field> fields = {}) { line(Level::info, event, fields); }
inline void debug(Literal event, std::initializer_list<Field> fields = {}) { line(Level::debug, event, fields); }

}  // namespace vault::log
