// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "base/limits.hpp"
#include "ctl/progress.hpp"
#include "daemon/errc/errc.hpp"
#include "ipc/api.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
using namespace std::chrono_literals;
using boost::asio::awaitable;
namespace fs = std::filesystem;

namespace large_test {
namespace {

std::string read_to_end(int file) {
  std::string out;
  char piece[65536];
  for (ssize_t size; (size = ::read(file, piece, sizeof piece)) > 0;) out.append(piece, static_cast<std::size_t>(size));
  return out;
}

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

// Keeps one large value, and gives it back as it was asked for.
struct Shelf : FakeDaemon {
  std::string value;
  std::optional<ipc::BlobPutParams> put;
  std::vector<ipc::BlobGetParams> gets;
  std::optional<Errc> fails;
  bool puts_small = false;
  std::function<void()> before_give = [] {};

  Shelf() {
    lets_put();
    registry.on(ipc::methods::item_put, [this](ipc::PutParams) -> awaitable<Result<ipc::VersionResult>> {
      puts_small = true;
      co_return ipc::VersionResult{"v0"};
    });
    registry.on(ipc::methods::item_get, [this](ipc::GetParams, ipc::Call& call) -> awaitable<Result<ipc::GetResult>> {
      call.details["size"] = value.size();
      co_return DaemonErrc::value_is_blob;
    });
    registry.on(ipc::methods::blob_put,
                [this](ipc::BlobPutParams p, ipc::Call& call) -> awaitable<Result<ipc::BlobPutResult>> {
                  value = read_to_end(call.file.get());
                  put = std::move(p);
                  co_return ipc::BlobPutResult{"v1", value.size()};
                });
    registry.on(ipc::methods::blob_get,
                [this](ipc::BlobGetParams p, ipc::Call& call) -> awaitable<Result<ipc::BlobGetResult>> {
                  gets.push_back(p);
                  ipc::BlobGetResult out;
                  out.version = "v1";
                  out.size = value.size();
                  out.name = p.name;
                  out.content_type = "video/x";
                  out.attributes = {{"lengthy", "2 h"}, {"über", "Köln"}};
                  out.heads = {"v1"};
                  if (p.length == 0) co_return out;
                  before_give();
                  const auto part = value.substr(p.offset.value_or(0), p.length.value_or(value.size()));
                  const auto given = fails ? part.size() / 2 : part.size();
                  out.written = static_cast<std::uint64_t>(::write(call.file.get(), part.data(), given));
                  if (fails) co_return *fails;
                  co_return out;
                });
    start();
  }
};

std::string large(std::size_t size = limits::value_bytes + 1) {
  std::string out(size, 'x');
  for (std::size_t i = 0; i < size; i += 7) out[i] = static_cast<char>(i);
  return out;
}

}  // namespace

TEST_CASE("put gives a value above the limit of a small one as a file, whether it comes as one or through a pipe") {
  Shelf shelf;
  const auto value = large(1 << 20);
  SECTION("a file") {
    std::ofstream{shelf.folder().path("f")} << value;
    const auto ran = shelf.run({"put", "film", "--file", shelf.folder().path("f"), "--type", "video/x", "--attr", "k=v",
                                "--if-version", "v0", "--json"});
    CHECK(ran.code == 0);
    CHECK(ran.out == "{\"version\":\"v1\",\"size\":1048576}\n");
    REQUIRE(shelf.put);
    CHECK(shelf.put->content_type == "video/x");
    CHECK_FALSE(shelf.put->attributes);
    CHECK(json_of(shelf.put->attributes_patch) == R"({"k":"v"})");
    CHECK(shelf.put->if_version == "v0");
  }
  SECTION("a pipe") {
    const auto ran = shelf.run({"put", "film"}, value);
    CHECK(ran.code == 0);
    CHECK(ran.out.empty());
    CHECK(ran.err.empty());
  }
  CHECK(shelf.value == value);
  CHECK_FALSE(shelf.puts_small);
}

TEST_CASE("put gives a value of up to 65536 bytes as it always did") {
  Shelf shelf;
  CHECK(shelf.run({"put", "note"}, large(limits::value_bytes)).code == 0);
  CHECK(shelf.puts_small);
  CHECK_FALSE(shelf.put);
}

TEST_CASE("get prints the exact bytes of a large value, or of a part") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  CHECK(shelf.run({"get", "film"}).out == shelf.value);
  CHECK(shelf.run({"get", "film", "--offset", "70000", "--length", "9"}).out == shelf.value.substr(70000, 9));
}

TEST_CASE("get -l, and --json of a large value, show all but the value") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  CHECK(shelf.run({"get", "film", "-l"}).out ==
        "name       film\n"
        "size       1048576\n"
        "type       video/x\n"
        "modified\n"
        "version    v1\n"
        "attribute  lengthy=2 h\n"
        "attribute  über=Köln\n");
  const std::string rest = R"("size":1048576,"content_type":"video/x","attributes":{"lengthy":"2 h","über":"Köln"},)"
                           R"("version":"v1","modified":"","heads":["v1"]})"
                           "\n";
  CHECK(shelf.run({"get", "film", "-l", "--json"}).out == R"({"name":"film",)" + rest);
  CHECK(shelf.run({"get", "film", "--json"}).out == R"({"name":"film","value_base64":null,)" + rest);
}

TEST_CASE("get --output has the file in place when all of it is there, and goes on with one that was cut short") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  const auto path = shelf.folder().path("copy");
  shelf.fails = Errc::offline;
  CHECK(shelf.run({"get", "film", "--output", path}).code == 10);
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::file_size(shelf.folder().path(".vaultctl-v1.part")) == 1 << 19);
  shelf.fails.reset();
  CHECK(shelf.run({"get", "film", "--output", path}).code == 0);
  CHECK(contents(path) == shelf.value);
  CHECK(shelf.gets.back().offset == 1 << 19);
  CHECK(shelf.gets.back().version == "v1");
  CHECK_FALSE(fs::exists(shelf.folder().path(".vaultctl-v1.part")));
}

TEST_CASE("a range goes into a file as it is, whatever an earlier get has left") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  const auto path = shelf.folder().path("copy");
  shelf.fails = Errc::offline;
  CHECK(shelf.run({"get", "film", "--output", path, "--offset", "5", "--length", "1000"}).code == 10);
  shelf.fails.reset();
  const auto ran = shelf.run({"--json", "get", "film", "--output", path, "--offset", "5", "--length", "1000"});
  CHECK(ran.code == 0);
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(ran.out.find("\"written\":1000") != std::string::npos);
  CHECK(contents(path) == shelf.value.substr(5, 1000));
}

TEST_CASE("an output in a folder that is not there is refused by name, and nothing is fetched") {
  Shelf shelf;
  shelf.value = large();
  const auto ran = shelf.run({"get", "film", "--output", "/none/copy"});
  CHECK(ran.code == 2);
  CHECK(ran.err.find("No such file or directory") != std::string::npos);
  CHECK(shelf.gets.size() == 1);
  CHECK(shelf.gets.front().length == 0);
}

TEST_CASE("a file that is there is replaced with --force alone, and keeps its mode") {
  Shelf shelf;
  shelf.value = "the new secret";
  const auto path = shelf.folder().path("copy");
  std::ofstream{path} << "what was there";
  fs::permissions(path, fs::perms{0440});
  const auto refused = shelf.run({"get", "film", "--output", path});
  CHECK(refused.code == 2);
  CHECK(refused.err == "vaultctl: " + path + " is there already: --force replaces it\n");
  CHECK(contents(path) == "what was there");
  CHECK(shelf.gets.empty());
  CHECK(shelf.run({"get", "film", "--output", path, "--force"}).code == 0);
  CHECK(contents(path) == "the new secret");
  CHECK(fs::status(path).permissions() == fs::perms{0440});
}

TEST_CASE("a file that comes while the value does is not replaced") {
  Shelf shelf;
  shelf.value = "the new secret";
  const auto path = shelf.folder().path("copy");
  shelf.before_give = [path] { std::ofstream{path} << "came in between"; };
  CHECK(shelf.run({"get", "film", "--output", path}).code == 2);
  CHECK(contents(path) == "came in between");
}

TEST_CASE("a FIFO is written into and stays one") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  const auto path = shelf.folder().path("fifo");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string read;
  std::atomic<bool> ended = false;
  const File in{open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  std::thread reader{[&] {
    for (bool last = false; !last; read += read_to_end(in.get())) last = ended;
  }};
  CHECK(shelf.run({"get", "film", "--output", path, "--force"}).code == 0);
  ended = true;
  reader.join();
  CHECK(read == shelf.value);
  CHECK(fs::is_fifo(path));
}

TEST_CASE("a symbolic link stays, and its target is written under the same rules") {
  Shelf shelf;
  shelf.value = "the secret";
  const auto link = shelf.folder().path("link"), target = shelf.folder().path("target");
  fs::create_symlink("target", link);
  CHECK(shelf.run({"get", "film", "--output", link}).code == 0);
  CHECK(fs::is_symlink(link));
  CHECK(contents(target) == "the secret");
  shelf.value = "another";
  CHECK(shelf.run({"get", "film", "--output", link}).code == 2);
  CHECK(contents(target) == "the secret");
  CHECK(shelf.run({"get", "film", "--output", link, "--force"}).code == 0);
  CHECK(fs::is_symlink(link));
  CHECK(contents(target) == "another");
  fs::create_symlink("round", shelf.folder().path("round"));
  CHECK(shelf.run({"get", "film", "--output", shelf.folder().path("round")}).code != 0);
}

TEST_CASE("- is standard output") {
  Shelf shelf;
  shelf.value = large(1 << 20);
  CHECK(shelf.run({"get", "film", "--output", "-"}).out == shelf.value);
}

TEST_CASE("a line of progress has what is known, and fits the terminal") {
  constexpr std::uint64_t mib = 1 << 20;
  CHECK(ctl::size_text(1) == "1 byte");
  CHECK(ctl::size_text(1023) == "1023 bytes");
  CHECK(ctl::size_text(1536) == "1.5 KiB");
  CHECK(ctl::size_text(640 * 1024) == "640 KiB");
  CHECK(ctl::size_text(4096 * mib) == "4.0 GiB");
  CHECK(ctl::progress_line("writing", 64 * mib, 256 * mib, 2s, 80) ==
        "writing [#######-----------------------] 64 MiB of 256 MiB, 32 MiB/s, 0:06 left");
  CHECK(ctl::progress_line("writing", 64 * mib, 0, 2s, 80) == "writing 64 MiB, 32 MiB/s");
  CHECK(ctl::progress_line("writing", 0, 256 * mib, 0s, 80).find("left") == std::string::npos);
  for (std::size_t columns = 0; columns < 120; ++columns)
    CHECK(ctl::progress_line("reading", 3 * mib, 1024 * mib, 5000s, columns).size() <= columns);
}

}  // namespace large_test
