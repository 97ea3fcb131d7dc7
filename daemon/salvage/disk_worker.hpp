// SPDX-License-Identifier: Apache-2.0
// Runs a process of its own that reads a database file, with bounds of time and memory. For own_disk.cpp and main().
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace vault::daemon {

enum class WorkerSaid { good, bad };  // bad: also when a signal or a bound has ended it

// Starts this program again as a worker, and waits. The words are "check FILE", or "salvage FILE FOLDER FRESH NAME TIME
// WHY". Errors: disk_full and storage if a salvage has no room; storage if the worker cannot be started.
Result<WorkerSaid> run_disk_worker(const std::vector<std::string>& words);

// Returns how long a worker may take with a file of `bytes` before it is ended.
std::chrono::seconds worker_seconds(std::uint64_t bytes);

inline constexpr std::string_view disk_worker_word = "--disk-worker";

// Runs main() if disk_worker_word is its first argument; `words` follow it. Returns the exit status.
int work_on_disk(const std::vector<std::string>& words);

}  // namespace vault::daemon
