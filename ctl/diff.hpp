// SPDX-License-Identifier: Apache-2.0
// What changed between two texts, line by line, as a unified diff shows it.
#pragma once

#include <string_view>
#include <vector>

namespace vault::ctl {

using Lines = std::vector<std::string_view>;

struct DiffLine {
  char mark;  // ' ' in both, '-' in the old one, '+' in the new one
  std::string_view text;
  bool operator==(const DiffLine&) const = default;
};

// A run of changes with the lines around it. Numbers count from 1.
struct Hunk {
  std::size_t old_line = 1, old_count = 0, new_line = 1, new_count = 0;
  std::vector<DiffLine> lines;
};

// Without their newlines; a last line that does not end is one too.
Lines lines_of(std::string_view text);

// All lines of both, with the fewest changes; where the two differ in more than a thousand places, any changes.
std::vector<DiffLine> diff(const Lines& before, const Lines& after);

// The changes, with up to three lines before and after each.
std::vector<Hunk> hunks(const std::vector<DiffLine>& all);

}  // namespace vault::ctl
