// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/fault_point.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace seams_test {
namespace {

// What became of a process that passed the fault point so often, as waitpid(2) says it.
int run_passes(int passes, const char* variable, const std::string& value) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    setenv(variable, value.c_str(), 1);
    for (int i = 0; i < passes; ++i) fault_point("here");
    fault_point("there");
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in{file};
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

struct TemporaryFile {
  std::string name = (std::filesystem::temp_directory_path() / ("vault-seams-" + std::to_string(getpid()))).string();
  ~TemporaryFile() { std::remove(name.c_str()); }
};

}  // namespace

TEST_CASE("a fault point kills the process at the pass that was asked for, and at no other") {
  CHECK(WIFEXITED(run_passes(2, "VAULT_FAULT", "here:3")));
  const auto third = run_passes(3, "VAULT_FAULT", "here:3");
  CHECK((WIFSIGNALED(third) && WTERMSIG(third) == SIGKILL));
  CHECK(WIFSIGNALED(run_passes(0, "VAULT_FAULT", "there:1")));
  CHECK(WIFEXITED(run_passes(9, "VAULT_FAULT", "elsewhere:1")));
}

TEST_CASE("the log of fault points has a line for each pass") {
  const TemporaryFile file;
  run_passes(2, "VAULT_FAULT_LOG", file.name);
  CHECK(lines_of(file.name) == std::vector<std::string>{"here", "here", "there"});
}

TEST_CASE("the audit file has a line for each segment that is sealed") {
  const TemporaryFile file;
  setenv("VAULT_AUDIT", file.name.c_str(), 1);
  setenv("VAULT_BRANCH", "laptop.3", 1);
  const OwnDeviceKey dk{key_of_byte<OwnDeviceKey>(1)};
  (void)seal_commit(dk, signer_of_byte<CommitSigner>(2), commit_hdr0({.counter = 100}), Bytes(20'000));
  unsetenv("VAULT_AUDIT");
  unsetenv("VAULT_BRANCH");
  const auto lines = lines_of(file.name);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(" " + hex(a_device) + " 100 1 laptop.3"));
  CHECK(lines[1].ends_with(" " + hex(a_device) + " 101 1 laptop.3"));
  CHECK(lines[0].size() == 64 + 1 + 64 + 1 + 16 + 1 + 32 + 4 + 11);
}

}  // namespace seams_test
