// SPDX-License-Identifier: Apache-2.0
#include "ctl/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/hex.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

// Returns the width in characters.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Returns the size of the first character if it may be shown as it is, else 0.
std::size_t shown_as_is(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7F) return 0;
  if (first < 0x80) return 1;
  const auto size = first < 0xE0 ? 2u : first < 0xF0 ? 3u : 4u;
  const bool c1 = first == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0;
  return !c1 && ipc::is_utf8(text.substr(0, size)) ? std::min<std::size_t>(size, text.size()) : 0;
}

}  // namespace

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) return false;
  }
  return true;
}

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto size = shown_as_is(text);
    if (size == 0) out += "\\x" + hex(bytes_of(text.substr(0, 1)));
    else out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string shown(std::string_view text) { return is_terminal(STDOUT_FILENO) ? printable(text) : std::string{text}; }

bool colored(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(descriptor) && (no_color == nullptr || *no_color == '\0');
}

std::string strong(std::string_view text, int descriptor) {
  return colored(descriptor) ? "\x1b[1m" + std::string{text} + "\x1b[0m" : std::string{text};
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  std::string out;
  for (const auto& row : rows) {
    std::size_t owed = 0;  // spaces due before the next cell that is not empty
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty()) out.append(std::exchange(owed, 0), ' ') += row[i];
      owed += widths[i] - width(row[i]) + 2;
    }
    out += '\n';
  }
  return out;
}

}  // namespace vault::ctl
