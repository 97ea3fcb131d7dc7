// SPDX-License-Identifier: Apache-2.0
#include "ctl/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "ctl/output.hpp"

namespace vault::ctl {
namespace {

using namespace std::chrono_literals;

std::string time_text(std::uint64_t seconds) {
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t width) {
  const auto full =
      static_cast<std::size_t>(static_cast<double>(width) * static_cast<double>(done) / static_cast<double>(total));
  return "[" + std::string(std::min(full, width), '#') + std::string(width - std::min(full, width), '-') + "]";
}

}  // namespace

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(units); ++unit) size /= 1024;
  return fmt::format("{:.{}f} {}", size, size < 10 ? 1 : 0, units[unit]);
}

std::string progress_line(const std::string& doing, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds time, std::size_t columns) {
  const auto seconds = std::max(static_cast<double>(time.count()) / 1000, 0.001);
  const auto rate = static_cast<double>(done) / seconds;
  std::string text = doing + " ";
  std::string numbers = size_text(done);
  if (total > 0) numbers += " of " + size_text(total);
  if (time >= 1s) numbers += ", " + size_text(static_cast<std::uint64_t>(rate)) + "/s";
  if (total > done && time >= 1s && rate >= 1)
    numbers += ", " + time_text(static_cast<std::uint64_t>(static_cast<double>(total - done) / rate)) + " left";
  constexpr std::size_t widest = 30, narrowest = 10;
  const auto used = text.size() + numbers.size() + 4;
  if (total > 0 && columns > used + narrowest)
    text += bar(std::min(done, total), total, std::min(widest, columns - used)) + " ";
  return (text + numbers).substr(0, columns > 0 ? columns - 1 : 0);
}

Progress::Progress(std::string doing, std::uint64_t total, bool json)
    : doing_(std::move(doing)), total_(total), wanted_(!json && is_terminal(STDERR_FILENO)) {}

Progress::~Progress() {
  if (shown_) write_all(STDERR_FILENO, "\r\x1b[K");
}

void Progress::show(std::uint64_t done) {
  if (!wanted_) return;
  if (!begun_) first_ = done;
  begun_ = true;
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_);
  const auto total = total_ > first_ ? total_ - first_ : 0;
  shown_ = true;
  write_all(STDERR_FILENO, "\r\x1b[K" + progress_line(doing_, done - first_, total, time, terminal_columns()));
}

}  // namespace vault::ctl
