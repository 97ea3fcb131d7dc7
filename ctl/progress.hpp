// SPDX-License-Identifier: Apache-2.0
// How far a large value has come, on a terminal's stderr: a bar, bytes, their rate and the time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vault::ctl {

// "1.5 GiB", "640 KiB", "12 bytes".
std::string size_text(std::uint64_t bytes);

// The line for a terminal so many columns wide; `total` 0: nobody knows.
std::string progress_line(const std::string& doing, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds time, std::size_t columns);

std::size_t terminal_columns();  // of stderr; 80 where nobody says

class Progress {
 public:
  // Shows nothing where stderr is no terminal, or with `json`.
  Progress(std::string doing, std::uint64_t total, bool json);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;

  void show(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  std::string doing_;
  std::uint64_t total_;
  bool wanted_, shown_ = false;
  Clock::time_point begin_ = Clock::now();
  std::uint64_t first_ = 0;  // what was there at the beginning
  bool begun_ = false;
};

}  // namespace vault::ctl
