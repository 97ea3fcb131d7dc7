// SPDX-License-Identifier: Apache-2.0
#include "ipc/socket_path.hpp"
#include "base/input_errc.hpp"
#include "ipc/errc.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
using ipc::socket_path;

namespace socket_path_test {
namespace {

ipc::Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

}  // namespace

TEST_CASE("the option goes before the variable, and the variable before the runtime folder") {
  TempFolder run;
  const auto environment = with({{"VAULTD_SOCKET", "/x/variable"}, {"XDG_RUNTIME_DIR", run.path()}});
  CHECK(socket_path({"/x/option", ""}, environment)->path == "/x/option");
  CHECK(socket_path({}, environment)->path == "/x/variable");
  const auto in_folder = socket_path({}, with({{"XDG_RUNTIME_DIR", run.path()}}));
  CHECK(in_folder->path == run.path("vaultd/default.sock"));
  CHECK(in_folder->in_runtime_folder);
}

TEST_CASE("the profile names the socket, and can be nothing but a plain name") {
  TempFolder run;
  const auto environment = with({{"XDG_RUNTIME_DIR", run.path()}, {"VAULTD_PROFILE", "work"}});
  CHECK(socket_path({}, environment)->path == run.path("vaultd/work.sock"));
  CHECK(socket_path({"", "home"}, environment)->path == run.path("vaultd/home.sock"));
  for (const char* bad : {"../x", "a/b", ".", "..", ".hidden", "a b", "ä", "012345678901234567890123456789012"})
    CHECK(socket_path({"", bad}, environment).error() == InputErrc::profile_bad);
}

TEST_CASE("a path over 107 bytes is refused") {
  CHECK(socket_path({std::string(107, 'x'), ""}, with({})));
  CHECK(socket_path({std::string(108, 'x'), ""}, with({})).error() == IpcErrc::socket_path_bad);
}

TEST_CASE("a runtime folder is judged by owner, mode and type") {
  TempFolder run;
  const auto why_not = [](const std::string& folder) {
    return socket_path({}, with({{"XDG_RUNTIME_DIR", folder}})).error();
  };
  CHECK(why_not(run.path("none")) == IpcErrc::runtime_folder_missing);
  REQUIRE(chmod(run.path().c_str(), 0777) == 0);
  CHECK(why_not(run.path()) == IpcErrc::runtime_folder_unsafe);
  REQUIRE(chmod(run.path().c_str(), 01777) == 0);
  CHECK(why_not(run.path()) == IpcErrc::runtime_folder_unsafe);
  REQUIRE(chmod(run.path().c_str(), 0700) == 0);
  std::filesystem::create_symlink(run.path(), run.path("link"));
  CHECK(why_not(run.path("link")) == IpcErrc::runtime_folder_unsafe);
  if (!can_change_uid()) {
    WARN("skipped: only root can give files away");
    return;
  }
  REQUIRE(chown(run.path().c_str(), 65534, 65534) == 0);
  CHECK(why_not(run.path()) == IpcErrc::runtime_folder_unsafe);
  REQUIRE(chown(run.path().c_str(), 0, 0) == 0);
}

TEST_CASE("without XDG_RUNTIME_DIR, or with a relative one, it is /run/user/<uid> or nothing") {
  const auto expected = "/run/user/" + std::to_string(geteuid()) + "/vaultd/default.sock";
  for (const auto& environment : {with({}), with({{"XDG_RUNTIME_DIR", "relative"}}), with({{"XDG_RUNTIME_DIR", ""}})}) {
    const auto found = socket_path({}, environment);
    if (found) CHECK(found->path == expected);
    else CHECK((found.error() == IpcErrc::runtime_folder_missing || found.error() == IpcErrc::runtime_folder_unsafe));
  }
}

}  // namespace socket_path_test
