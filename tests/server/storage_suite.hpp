// SPDX-License-Identifier: Apache-2.0
// What every storage engine must do: storage_suite_test.cpp, run for each engine that is listed here.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/storage.hpp"

namespace vault::tests {

struct StorageEngine {
  std::string name;
  // Opens the database that belongs to this folder, new or as it was left; accounts it makes have this quota.
  std::function<std::unique_ptr<server::Storage>(const std::filesystem::path& folder, std::uint64_t quota)> open;
};

std::vector<StorageEngine>& storage_engines();

// One in each engine's own test file makes the suite run for it.
struct ListEngine {
  explicit ListEngine(StorageEngine engine) { storage_engines().push_back(std::move(engine)); }
};

}  // namespace vault::tests
