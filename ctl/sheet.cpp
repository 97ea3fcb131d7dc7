// SPDX-License-Identifier: Apache-2.0
#include "ctl/sheet.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "ctl/output.hpp"
#include "ctl/qr.hpp"

namespace vault::ctl {
namespace {

using SheetLines = std::vector<Secret>;

Secret line_of(std::string_view label, std::string_view value) {
  auto out = Secret::copy_of(label);
  out.append(bytes_of(value));
  return out;
}

SheetLines lines_of(const ipc::RecoverySheet& sheet) {
  SheetLines out;
  out.push_back(line_of("RECOVERY SHEET", ""));
  out.push_back({});
  out.push_back(line_of("account     ", printable(sheet.account)));
  out.push_back(line_of("server      ", printable(sheet.server)));
  out.push_back(line_of("printed     ", printable(sheet.created.substr(0, 10))));
  out.push_back(line_of("code        ", sheet.code.text()));
  out.push_back(line_of("state code  ", printable(sheet.state_code)));
  out.push_back({});
  out.push_back(line_of("All devices lost, or the password forgotten: vaultctl recovery use", ""));
  out.push_back(line_of("Whoever has this sheet opens the vault: keep it on paper, safe.", ""));
  return out;
}

// Returns the width in characters.
std::size_t width(const Secret& line) {
  const auto text = line.text();
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void repeat(Secret& out, std::string_view what, std::size_t times) {
  for (; times > 0; --times) out.append(bytes_of(what));
}

constexpr std::size_t frame_columns = 4;  // a bar and a space on each side

Secret framed(const SheetLines& lines, std::size_t widest) {
  Secret out;
  const auto edge = [&](std::string_view left, std::string_view right) {
    out.append(bytes_of(left));
    repeat(out, "─", widest + 2);
    out.append(bytes_of(right));
    out.append(bytes_of("\n"));
  };
  edge("┌", "┐");
  for (const auto& line : lines) {
    out.append(bytes_of("│ "));
    out.append(line.view());
    repeat(out, " ", widest - width(line));
    out.append(bytes_of(" │\n"));
  }
  edge("└", "┘");
  return out;
}

Secret plain(const SheetLines& lines) {
  Secret out;
  for (const auto& line : lines) {
    out.append(line.view());
    out.append(bytes_of("\n"));
  }
  return out;
}

std::string too_narrow(std::size_t needed) {
  return "The QR code needs a terminal of " + std::to_string(needed) + " columns.\n";
}

}  // namespace

Secret sheet_text(const ipc::RecoverySheet& sheet, const Paper& paper) {
  const auto lines = lines_of(sheet);
  if (paper.columns == 0) return plain(lines);
  std::size_t widest = 0;
  for (const auto& line : lines) widest = std::max(widest, width(line));
  auto out = widest + frame_columns <= paper.columns ? framed(lines, widest) : plain(lines);
  const auto code = qr_text(sheet.line, paper.colours);
  if (!code) return out;
  out.append(bytes_of("\n"));
  if (code->width <= paper.columns) out.append(code->text.view());
  else out.append(bytes_of(too_narrow(code->width)));
  return out;
}

Paper paper_of_stdout(bool text) {
  winsize size{};
  if (text || !is_terminal(STDOUT_FILENO)) return {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const char* no_color = std::getenv("NO_COLOR");
  return {known ? size.ws_col : std::size_t{80}, no_color == nullptr || *no_color == '\0'};
}

}  // namespace vault::ctl
