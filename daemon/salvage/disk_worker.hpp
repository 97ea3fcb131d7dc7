// SPDX-License-Identifier: Apache-2.0
// A process of its own that reads a database file, with bounds of time and memory. For own_disk.cpp, and main().
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace vault::daemon {

enum class WorkerSaid { good, bad };  // bad: also when a signal or a bound has ended it

// Starts this program again as a worker, and waits. The words are "check FILE", or "salvage FILE FOLDER FRESH NAME TIME
// WHY". Errors: disk_full and storage of a salvage that has found no room; storage when it cannot be started.
Result<WorkerSaid> run_disk_worker(const std::vector<std::string>& words);

// How long one may take with a file of so many bytes before it is ended.
std::chrono::seconds worker_seconds(std::uint64_t bytes);

inline constexpr std::string_view disk_worker_word = "--disk-worker";

// What main() does when that is its first argument: `words` are those behind it. The exit status.
int work_on_disk(const std::vector<std::string>& words);

}  // namespace vault::daemon
