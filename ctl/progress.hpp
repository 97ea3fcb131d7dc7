// SPDX-License-Identifier: Apache-2.0
// Shows the progress of a large value on a terminal's stderr: a bar, the bytes, their rate and the time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vault::ctl {

// Returns "1.5 GiB", "640 KiB" or "12 bytes".
std::string size_text(std::uint64_t bytes);

// Returns the line for a terminal of `columns` columns. `total` is 0 if it is unknown.
std::string progress_line(const std::string& doing, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds time, std::size_t columns);

std::size_t terminal_columns();  // of stderr; 80 if unknown

class Progress {
 public:
  // Shows nothing if stderr is no terminal, or with `json`.
  Progress(std::string doing, std::uint64_t total, bool json);
  // Removes the line.
  ~Progress();
  Progress(const Progress&) = delete;

  void show(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  std::string doing_;
  std::uint64_t total_;
  bool wanted_, shown_ = false;
  Clock::time_point begin_ = Clock::now();
  std::uint64_t first_ = 0;  // bytes at the beginning
  bool begun_ = false;
};

}  // namespace vault::ctl
