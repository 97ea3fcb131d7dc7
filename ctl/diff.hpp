// SPDX-License-Identifier: Apache-2.0
// Compares two texts line by line, for a unified diff.
#pragma once

#include <string_view>
#include <vector>

namespace vault::ctl {

using Lines = std::vector<std::string_view>;

struct DiffLine {
  char mark;  // ' ' in both, '-' only in the old text, '+' only in the new one
  std::string_view text;
  bool operator==(const DiffLine&) const = default;
};

// Holds a run of changes with the lines around it. Numbers count from 1.
struct Hunk {
  std::size_t old_line = 1, old_count = 0, new_line = 1, new_count = 0;
  std::vector<DiffLine> lines;
};

// Splits `text` into lines without their newlines. The last line need not have one.
Lines lines_of(std::string_view text);

// Returns all lines of both texts with the fewest changes. If there are more than a thousand changes, they may be more
// than the fewest.
std::vector<DiffLine> diff(const Lines& before, const Lines& after);

// Returns the changes, each with up to three lines before and after.
std::vector<Hunk> hunks(const std::vector<DiffLine>& all);

}  // namespace vault::ctl
