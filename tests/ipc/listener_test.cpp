// SPDX-License-Identifier: Apache-2.0
#include "ipc/listener.hpp"
#include "ipc/errc.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
using ipc::Listener;
namespace fs = std::filesystem;

namespace listener_test {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat is {};
  return lstat(path.c_str(), &is) == 0 ? is.st_mode : 0;
}

boost::system::error_code refusal_of(const std::string& path, bool in_runtime_folder = false) {
  const auto listener = Listener::open({path, in_runtime_folder});
  return listener ? boost::system::error_code{} : listener.error();
}

void leave_stale_socket(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  close(fd);
}

}  // namespace

TEST_CASE("the folder is made 0700 and the socket 0600, whatever the umask") {
  for (const mode_t mask : {0000u, 0022u, 0077u, 0777u}) {
    TempFolder folder;
    const auto path = folder.path("vaultd/default.sock");
    const auto before = umask(mask);
    auto listener = Listener::open({path, true});
    umask(before);
    if (mask == 0777 && !can_change_uid()) continue;  // a folder of mode 0 is of no use but to root
    REQUIRE(listener);
    CHECK(mode_of(folder.path("vaultd")) == (S_IFDIR | 0700));
    CHECK(mode_of(path) == (S_IFSOCK | 0600));
  }
}

TEST_CASE("an own runtime folder that others can look into is closed, one that they can write to is refused") {
  TempFolder folder;
  fs::create_directory(folder.path("vaultd"));
  const auto path = folder.path("vaultd/s");
  REQUIRE(chmod(folder.path("vaultd").c_str(), 0755) == 0);
  CHECK_FALSE(refusal_of(path, true));
  CHECK(mode_of(folder.path("vaultd")) == (S_IFDIR | 0700));
  for (const mode_t open : {0720u, 0702u, 0777u, 01777u}) {
    REQUIRE(chmod(folder.path("vaultd").c_str(), open) == 0);
    CHECK(refusal_of(path, true) == IpcErrc::runtime_folder_unsafe);
    CHECK(mode_of(folder.path("vaultd")) == (S_IFDIR | open));
  }
}

TEST_CASE("a folder that is a symlink, a file or not there is refused") {
  TempFolder folder;
  fs::create_directory(folder.path("real"));
  fs::create_symlink(folder.path("real"), folder.path("link"));
  std::ofstream{folder.path("file")} << "x";
  CHECK(refusal_of(folder.path("link/s")) == IpcErrc::runtime_folder_unsafe);
  CHECK(refusal_of(folder.path("file/s")) == IpcErrc::runtime_folder_unsafe);
  CHECK(refusal_of(folder.path("none/s")) == IpcErrc::runtime_folder_missing);
  CHECK(fs::is_empty(folder.path("real")));
}

TEST_CASE("a stale socket of ours is replaced") {
  TempFolder folder;
  leave_stale_socket(folder.path("s"));
  CHECK_FALSE(refusal_of(folder.path("s")));
}

TEST_CASE("a path that holds anything else is refused and left as it was") {
  TempFolder folder;
  std::ofstream{folder.path("precious")} << "data";
  fs::create_symlink(folder.path("precious"), folder.path("link"));
  fs::create_symlink(folder.path("nowhere"), folder.path("dangling"));
  leave_stale_socket(folder.path("stale"));
  fs::create_symlink(folder.path("stale"), folder.path("to-stale"));
  REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
  fs::create_directory(folder.path("folder"));
  for (const char* name : {"precious", "link", "dangling", "to-stale", "fifo", "folder"}) {
    INFO(name);
    const auto before = mode_of(folder.path(name));
    CHECK(refusal_of(folder.path(name)) == IpcErrc::socket_path_taken);
    CHECK(mode_of(folder.path(name)) == before);
  }
  CHECK(fs::file_size(folder.path("precious")) == 4);
  CHECK_FALSE(fs::exists(folder.path("nowhere")));
}

TEST_CASE("a socket or folder of another user is refused") {
  if (!can_change_uid()) {
    WARN("skipped: only root can give files away");
    return;
  }
  TempFolder folder;
  leave_stale_socket(folder.path("s"));
  REQUIRE(lchown(folder.path("s").c_str(), 65534, 65534) == 0);
  CHECK(refusal_of(folder.path("s")) == IpcErrc::socket_path_taken);
  fs::create_directory(folder.path("theirs"));
  REQUIRE(chmod(folder.path("theirs").c_str(), 0700) == 0);
  REQUIRE(lchown(folder.path("theirs").c_str(), 65534, 65534) == 0);
  CHECK(refusal_of(folder.path("theirs/s")) == IpcErrc::runtime_folder_unsafe);
}

TEST_CASE("a socket that a live daemon answers on is refused, and the daemon keeps it") {
  TempFolder folder;
  auto first = Listener::open({folder.path("s"), false});
  REQUIRE(first);
  CHECK(refusal_of(folder.path("s")) == IpcErrc::daemon_running);
  CHECK(S_ISSOCK(mode_of(folder.path("s"))));
}

TEST_CASE("a listener removes its own socket, and not one that took its place") {
  TempFolder folder;
  {
    auto listener = Listener::open({folder.path("s"), false});
    REQUIRE(listener);
  }
  CHECK(mode_of(folder.path("s")) == 0);
  {
    auto listener = Listener::open({folder.path("s"), false});
    REQUIRE(listener);
    REQUIRE(unlink(folder.path("s").c_str()) == 0);
    leave_stale_socket(folder.path("s"));
  }
  CHECK(S_ISSOCK(mode_of(folder.path("s"))));
}

TEST_CASE("an inherited listening socket is adopted and not removed; anything else is refused") {
  TempFolder folder;
  leave_stale_socket(folder.path("other"));
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, folder.path("s").data(), folder.path("s").size());
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  CHECK_FALSE(Listener::adopt(fd));
  REQUIRE(listen(fd, 1) == 0);
  { CHECK(Listener::adopt(fd)); }
  CHECK(S_ISSOCK(mode_of(folder.path("s"))));
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK_FALSE(Listener::adopt(file));
  CHECK_FALSE(Listener::adopt(-1));
  close(file);
}

}  // namespace listener_test
