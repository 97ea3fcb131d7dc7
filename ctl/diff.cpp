// SPDX-License-Identifier: Apache-2.0
#include "ctl/diff.hpp"

#include <algorithm>

namespace vault::ctl {
namespace {

constexpr std::size_t most_changes = 1000;  // bounds the memory of the search to 8 MB
constexpr std::size_t context = 3;

using Position = std::ptrdiff_t;

// Searches for the fewest changes: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986. After d
// changes, reach[k] is how far the search can get into the old text with k more lines left out of it than put in. The
// trace of earlier reaches gives the way back.
class Search {
 public:
  Search(const Lines& before, const Lines& after) : a_(before), b_(after) {}

  // False if there are too many changes.
  bool run() {
    std::vector<Position> reach(2 * most_changes + 3, 0);
    for (Position d = 0; d <= static_cast<Position>(most_changes); ++d) {
      trace_.emplace_back(reach.begin() + middle - d - 1, reach.begin() + middle + d + 2);
      for (Position k = -d; k <= d; k += 2) {
        const auto down = reach[at(k + 1)], right = reach[at(k - 1)] + 1;
        auto x = k == -d || (k != d && right <= down) ? down : right;
        while (x < end_a() && x - k < end_b() && a_[at0(x)] == b_[at0(x - k)]) ++x;
        reach[at(k)] = x;
        if (x >= end_a() && x - k >= end_b()) return true;
      }
    }
    return false;
  }

  std::vector<DiffLine> way() const {
    std::vector<DiffLine> out;
    auto x = end_a(), y = end_b();
    for (auto d = static_cast<Position>(trace_.size()) - 1; d >= 0; --d) {
      const auto& reach = trace_[at0(d)];
      const auto reached = [&reach, d](Position k) { return reach[at0(k + d + 1)]; };
      const auto k = x - y;
      const bool down = k == -d || (k != d && reached(k - 1) + 1 <= reached(k + 1));
      const auto from = d == 0 ? 0 : down ? reached(k + 1) : reached(k - 1) + 1;
      for (; x > from; --x, --y) out.push_back({' ', a_[at0(x - 1)]});
      if (d == 0) break;
      if (down) out.push_back({'+', b_[at0(--y)]});
      else out.push_back({'-', a_[at0(--x)]});
    }
    std::ranges::reverse(out);
    return out;
  }

 private:
  static constexpr Position middle = static_cast<Position>(most_changes) + 1;
  static std::size_t at0(Position i) { return static_cast<std::size_t>(i); }
  static std::size_t at(Position k) { return at0(k + middle); }
  Position end_a() const { return static_cast<Position>(a_.size()); }
  Position end_b() const { return static_cast<Position>(b_.size()); }

  const Lines& a_;
  const Lines& b_;
  std::vector<std::vector<Position>> trace_;
};

std::vector<DiffLine> all_of(const Lines& lines, char mark) {
  std::vector<DiffLine> out;
  for (const auto line : lines) out.push_back({mark, line});
  return out;
}

void append(std::vector<DiffLine>& to, std::vector<DiffLine> more) { to.insert(to.end(), more.begin(), more.end()); }

std::vector<DiffLine> changed(const Lines& before, const Lines& after) {
  Search search{before, after};
  if (search.run()) return search.way();
  auto out = all_of(before, '-');
  append(out, all_of(after, '+'));
  return out;
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<DiffLine> diff(const Lines& before, const Lines& after) {
  const auto first = std::ranges::mismatch(before, after);
  const auto shortest = std::min(before.end() - first.in1, after.end() - first.in2);
  std::ptrdiff_t same = 0;
  while (same < shortest && *(before.end() - same - 1) == *(after.end() - same - 1)) ++same;
  auto out = all_of({before.begin(), first.in1}, ' ');
  append(out, changed({first.in1, before.end() - same}, {first.in2, after.end() - same}));
  append(out, all_of({before.end() - same, before.end()}, ' '));
  return out;
}

std::vector<Hunk> hunks(const std::vector<DiffLine>& all) {
  std::vector<bool> shown(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].mark != ' ')
      for (auto near = i - std::min(i, context); near <= std::min(i + context, all.size() - 1); ++near)
        shown[near] = true;
  std::vector<Hunk> out;
  std::size_t old_line = 1, new_line = 1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (shown[i] && (i == 0 || !shown[i - 1])) out.push_back({old_line, 0, new_line, 0, {}});
    const std::size_t in_old = all[i].mark != '+', in_new = all[i].mark != '-';
    old_line += in_old;
    new_line += in_new;
    if (!shown[i]) continue;
    out.back().old_count += in_old;
    out.back().new_count += in_new;
    out.back().lines.push_back(all[i]);
  }
  return out;
}

}  // namespace vault::ctl
