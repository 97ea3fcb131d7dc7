// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "ctl/commands.hpp"
#include "daemon/errc/errc.hpp"
#include "ipc/api.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace vault_test {
namespace {

// Takes one password, "right", and remembers what it was asked.
struct Gate : FakeDaemon {
  std::string password, server, account, device_name, ca, expect;
  Gate() {
    on(ipc::methods::vault_unlock, [this](ipc::UnlockParams p) -> Result<ipc::Nothing> {
      password = p.password.text();
      if (password != "right") return Errc::auth;
      return ipc::Nothing{};
    });
    on(ipc::methods::vault_create, [this](ipc::CreateParams p) { return enrolled(p); });
    on(ipc::methods::vault_join, [this](ipc::JoinParams p) {
      expect = p.expect.value_or("");
      return enrolled(p);
    });
    start();
  }
  template <class P>
  Result<ipc::EnrolResult> enrolled(const P& p) {
    password = p.password.text();
    server = p.server;
    account = p.account;
    device_name = p.device_name.value_or("(none)");
    ca = p.ca_file.value_or("");
    return ipc::EnrolResult{{"00112233445566778899aabbccddeeff", "laptop"}};
  }
};

std::string kind_of(const Ran& ran) { return std::string{json::parse(ran.err).at("error").at("kind").as_string()}; }

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("without a daemon every command exits 4 and says how to start one") {
  TempFolder folder;
  const Words nobody{"VAULTD_SOCKET=" + folder.path("s")};
  for (const Words& words : {Words{"status"},
                             {"ls"},
                             {"get", "a"},
                             {"unlock"},
                             {"create", "--server", "u", "--account", "a"},
                             {"sync"},
                             {"device", "ls"},
                             {"export", "--sealed", folder.path("x")}}) {
    const auto ran = run_vaultctl(words, "", nobody);
    CHECK(ran.code == 4);
    CHECK(ran.err == "vaultctl: vaultd is not running: start it with systemctl --user start vaultd, or run vaultd\n");
    CHECK(ran.out.empty());
  }
  CHECK(kind_of(run_vaultctl({"status", "--json"}, "", nobody)) == "E_NO_DAEMON");
  CHECK_FALSE(fs::exists(folder.path("x")));
}

TEST_CASE(
    "a password comes from a descriptor or a file, without one trailing newline of either kind and nothing else") {
  Gate gate;
  CHECK(gate.run({"unlock", "--password-fd", "0"}, "right\n").code == 0);
  CHECK(gate.run({"--password-fd", "0", "unlock"}, "right").code == 0);
  CHECK(gate.run({"unlock", "--password-fd", "0"}, "right\r\n").code == 0);
  CHECK(gate.run({"unlock", "--password-fd", "0"}, "right\r").code == 6);
  CHECK(gate.password == "right\r");
  CHECK(gate.run({"unlock", "--password-fd", "0"}, " right\r\n\n").code == 6);
  CHECK(gate.password == " right\r\n");
  std::ofstream{gate.folder().path("pw")} << "right\n";
  CHECK(gate.run({"unlock", "--password-file", gate.folder().path("pw")}).code == 0);
  CHECK(gate.run({"unlock", "--password-file", gate.folder().path("none")}).code == 2);
  CHECK(gate.run({"unlock", "--password-fd", "77"}).err ==
        "vaultctl: cannot read descriptor 77: Bad file descriptor\n");
  CHECK(gate.run({"unlock", "--password-fd", "0"}, "\xFF").code == 2);
  CHECK(gate.run({"unlock", "--password-fd", "0"}, std::string(100'000, 'x')).code == 14);
  CHECK(gate.run({"unlock", "--password-fd", "0", "--password-file", "x"}).code == 2);
}

TEST_CASE("without a terminal, or with --no-input, a password that was not given is asked of nobody") {
  Gate gate;
  const auto ran = gate.run({"unlock"}, "right\n");
  CHECK(ran.code == 2);
  CHECK(ran.err.find("--password-fd") != std::string::npos);
  AtTerminal terminal{{"unlock", "--no-input"}, gate.environment()};
  CHECK(terminal.end() == 2);
}

TEST_CASE("at a terminal the password is asked for with the echo off, and the echo is on again after") {
  Gate gate;
  AtTerminal terminal{{"unlock"}, gate.environment()};
  REQUIRE(terminal.shows("Password: "));
  REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
  terminal.type("right\n");
  CHECK(terminal.end() == 0);
  CHECK(gate.password == "right");
  CHECK(terminal.all().find("right") == std::string::npos);
}

TEST_CASE("the echo is on again when a signal ends the prompt") {
  Gate gate;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // A second holder keeps the terminal, so that its mode can be seen after vaultctl is gone.
    AtTerminal terminal{{"unlock"}, gate.environment()};
    REQUIRE(terminal.shows("Password: "));
    REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
    terminal.signal(number);
    CHECK(eventually([&terminal] { return terminal.echoes(); }));
    CHECK(terminal.end() == 128 + number);
  }
}

TEST_CASE("an end of input at the prompt cancels") {
  Gate gate;
  AtTerminal terminal{{"unlock"}, gate.environment()};
  REQUIRE(terminal.shows("Password: "));
  REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
  terminal.type("\x04");
  CHECK(terminal.end() == 3);
}

TEST_CASE("create asks twice and refuses two that differ; join asks once") {
  Gate gate;
  const Words words{"--server", "https://s", "--account", "ann"};
  for (const auto& [second, code] : {std::pair{"right\n", 0}, {"wrong\n", 2}}) {
    AtTerminal terminal{{"create", "--server", "https://s", "--account", "ann"}, gate.environment()};
    REQUIRE(terminal.shows("Password: "));
    REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
    terminal.type("right\n");
    REQUIRE(terminal.shows("again: "));
    REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
    terminal.type(second);
    CHECK(terminal.end() == code);
  }
  AtTerminal terminal{{"join", "--server", "https://s", "--account", "ann"}, gate.environment()};
  REQUIRE(terminal.shows("Password: "));
  REQUIRE(eventually([&terminal] { return !terminal.echoes(); }));
  terminal.type("right\n");
  CHECK(terminal.end() == 0);
}

TEST_CASE("create and join pass on what they were given, and print the device") {
  Gate gate;
  const auto ran = gate.run(
      {"create", "--server", "https://s", "--account", "ann", "--ca", "/etc/ca.pem", "--password-fd", "0", "--json"},
      "pw\n");
  CHECK(ran.code == 0);
  CHECK(json::parse(ran.out) == json::parse(R"({"device":{"id":"00112233445566778899aabbccddeeff","name":"laptop"}})"));
  CHECK(gate.server == "https://s");
  CHECK(gate.account == "ann");
  CHECK(gate.device_name == "(none)");
  CHECK(gate.ca == "/etc/ca.pem");
  CHECK(gate.run({"join", "--server", "u", "--account", "a", "--device-name", "d", "--expect", "1 2", "--password-fd",
                  "0"},
                 "pw")
            .code == 0);
  CHECK(gate.device_name == "d");
  CHECK(gate.expect == "1 2");
}

TEST_CASE("status --json is the whole object, null where unknown") {
  FakeDaemon daemon;
  daemon.on(ipc::methods::vault_status, [](ipc::Nothing) -> Result<ipc::Status> { return ipc::Status{}; });
  daemon.start();
  const auto ran = daemon.run({"status", "--json"});
  CHECK(ran.code == 0);
  CHECK(json::parse(ran.out) == json::parse(R"({"daemon":{"version":"","pid":0},
    "vault":{"state":"absent","account":null,"server":null,"id":null,"keyring_version":null,"generation":null,"lock_at":null,"change":null,"recovery":null,"recovery_confirmed":null,"last_change":null},
    "device":{"id":null,"name":null,"epoch":null,"seq":null,"counter":null,"refused":null},
    "sync":{"state":null,"pending":null,"pending_bytes":null,"last_success":null,"error":null},
    "trust":{"state":null,"reason":null,"code":null},
    "identity":{"state":null,"reason":null,"former":null,"proofs":null,"lost":null},
    "disk":{"folder":null,"salvaged":null,"file":null,"lost":null,"lost_seqs":null},"items":null,"conflicts":null,"devices":null})"));
}

TEST_CASE("status says what is wrong first, and what to do") {
  ipc::Status status;
  CHECK(ctl::status_text(status).starts_with("There is no vault on this device."));
  status.vault.state = ipc::VaultState::unlocked;
  status.vault.account = "ann";
  status.vault.server = "https://s";
  status.device.id = "00ff";
  status.device.name = "lap\x1b[1m";
  status.sync.state = ipc::SyncState::idle;
  status.sync.last_success = "2026-01-02T03:04:05.000Z";
  status.sync.pending = 0;
  status.trust.state = ipc::TrustState::ok;
  status.items = 3;
  status.conflicts = 0;
  status.devices = std::vector<ipc::StatusPeer>(2);
  CHECK(ctl::status_text(status) ==
        "vault     ann at https://s, unlocked\n"
        "device    lap\\x1b[1m, 00ff\n"
        "sync      idle, last success 2026-01-02T03:04:05.000Z\n"
        "trust     ok\n"
        "recovery  no sheet: print one with vaultctl recovery create\n"
        "items     3\n"
        "devices   2\n");
  status.vault.recovery = "2026-11-26T02:00:00.000Z";
  CHECK(ctl::status_text(status).find("recovery  a sheet, since 2026-11-26\n") != std::string::npos);
  status.identity.state = ipc::IdentityState::roll_waits;
  status.identity.reason = "behind";
  CHECK(ctl::status_text(status).starts_with(
      "This device needs a new identity: its database is older than it was: a backup was put back, or a disk lost what "
      "it had kept. Nothing is lost, and reads and writes go on; run vaultctl unlock, and it is made.\n\n"));
  status.identity.state = ipc::IdentityState::roll_unsent;
  status.identity.reason = "what a later daemon may say";
  status.identity.proofs = 2;
  CHECK(ctl::status_text(status).starts_with(
      "This device has a new identity, which the server has not got yet: its state is not the newest. It is sent by "
      "itself.\nThere is proof that two copies of one device wrote at once: vaultctl export --sealed has it, in "
      "proofs/.\n\n"));
  status.identity = {};
  status.conflicts = 1;
  status.trust.state = ipc::TrustState::distrusted;
  status.trust.reason = "E_ROLLBACK";
  status.vault.state = ipc::VaultState::locked;
  CHECK(ctl::status_text(status).starts_with(
      "The server is distrusted: the server shows an older state than this device "
      "has seen. Nothing is uploaded; reads and writes here go on. If it was restored "
      "from a backup, vaultctl repair sends it what it has lost.\n"
      "The vault is locked: run vaultctl unlock.\n"
      "1 item has more than one head: see vaultctl conflicts.\n\n"));
}

TEST_CASE("status --watch goes on until the daemon is gone") {
  FakeDaemon daemon;
  int asked = 0;
  daemon.on(ipc::methods::vault_status, [&asked](ipc::Nothing) -> Result<ipc::Status> {
    if (++asked == 2) return Errc::no_daemon;
    return ipc::Status{};
  });
  daemon.start();
  const auto ran = daemon.run({"status", "--watch", "--json"});
  CHECK(ran.code == 4);
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 1);
}

TEST_CASE("sync passes its timeout on and tells what it moved; each class of error has its exit code") {
  FakeDaemon daemon;
  std::optional<std::uint64_t> timeout;
  Errc answer = Errc::internal;
  daemon.on(ipc::methods::sync_now, [&timeout, &answer](ipc::SyncParams p) -> Result<ipc::SyncResult> {
    timeout = p.timeout_seconds;
    if (timeout == 9u) return answer;
    return ipc::SyncResult{3, 1};
  });
  daemon.start();
  CHECK(daemon.run({"sync"}).out == "3 pulled, 1 pushed\n");
  CHECK_FALSE(timeout);
  CHECK(daemon.run({"sync", "--timeout", "7", "--json"}).out == "{\"pulled\":3,\"pushed\":1}\n");
  CHECK(timeout == 7u);
  for (const auto& row : error_classes()) {
    answer = row.code;
    const auto ran = daemon.run({"sync", "--timeout=9", "--json"});
    CHECK(ran.code == row.exit_code);
    CHECK(kind_of(ran) == row.kind);
  }
}

TEST_CASE("on a terminal a call that takes over a second shows what it does and for how long") {
  FakeDaemon daemon;
  std::atomic<bool> released{false};
  daemon.registry.on(ipc::methods::sync_now,
                     [&released](ipc::SyncParams) -> boost::asio::awaitable<Result<ipc::SyncResult>> {
                       boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
                       while (!released) {
                         timer.expires_after(std::chrono::milliseconds{5});
                         co_await timer.async_wait(boost::asio::use_awaitable);
                       }
                       co_return ipc::SyncResult{};
                     });
  daemon.start();
  AtTerminal terminal{{"sync"}, daemon.environment()};
  CHECK(terminal.shows("syncing ... 1 s"));
  released = true;
  CHECK(terminal.end() == 0);
  CHECK(terminal.all().ends_with("\r\x1b[K0 pulled, 0 pushed\r\n"));
}

TEST_CASE("what is wrong stands out on a terminal, unless NO_COLOR is set") {
  FakeDaemon daemon;
  daemon.on(ipc::methods::vault_status, [](ipc::Nothing) -> Result<ipc::Status> {
    ipc::Status status;
    status.vault.state = ipc::VaultState::locked;
    return status;
  });
  daemon.start();
  auto environment = daemon.environment();
  AtTerminal bold{{"status"}, environment};
  CHECK(bold.shows("\x1b[1mThe vault is locked"));
  environment.push_back("NO_COLOR=1");
  AtTerminal plain{{"status"}, environment};
  CHECK(plain.end() == 0);
  CHECK(plain.all().starts_with("The vault is locked"));
  CHECK(daemon.run({"status"}).out.starts_with("The vault is locked"));
}

TEST_CASE("device ls shows every device, a dash where a locked vault knows nothing") {
  FakeDaemon daemon;
  daemon.on(ipc::methods::device_list, [](ipc::Nothing) -> Result<ipc::DeviceListResult> {
    return ipc::DeviceListResult{{{.id = "aa",
                                   .name = std::string{"lap"},
                                   .status = ipc::DeviceStatus::active,
                                   .joined = std::string{"t"},
                                   .seq = 5,
                                   .last_seen = {},
                                   .last_confirmed = {},
                                   .this_device = true},
                                  {.id = "bb",
                                   .name = {},
                                   .status = ipc::DeviceStatus::revoked,
                                   .joined = {},
                                   .seq = {},
                                   .last_seen = {},
                                   .last_confirmed = std::string{"c"},
                                   .this_device = false}}};
  });
  daemon.start();
  CHECK(daemon.run({"device", "ls"}).out ==
        "ID  STATUS   JOINED  LAST SEEN  LAST CONFIRMED  SEQ  NAME\n"
        "aa  active   t       -          -               5    lap (this device)\n"
        "bb  revoked  -       -          c               -    -\n");
  CHECK(json::parse(daemon.run({"device", "ls", "--json"}).out).at("devices").as_array().size() == 2);
}

namespace {

void has_no_large_values(FakeDaemon& daemon) {
  daemon.on(ipc::methods::blob_list,
            [](ipc::ExportListParams) -> Result<ipc::ExportListResult> { return ipc::ExportListResult{}; });
}

void has_no_history(FakeDaemon& daemon) {
  daemon.on(ipc::methods::vault_export, [](ipc::ExportParams) -> Result<ipc::ExportResult> {
    return ipc::ExportResult{{{"keyring/1.bin", {}, base64(bytes_of("one"))}}, {}};
  });
}

}  // namespace

TEST_CASE("export writes the pages' files, in pieces where they come in pieces, for this user alone") {
  FakeDaemon daemon;
  daemon.on(ipc::methods::vault_export, [](ipc::ExportParams p) -> Result<ipc::ExportResult> {
    if (!p.cursor)
      return ipc::ExportResult{
          {{"keyring/1.bin", {}, base64(bytes_of("one"))}, {"chains/aa/1.bin", 0, base64(bytes_of("big "))}}, "next"};
    return ipc::ExportResult{{{"chains/aa/1.bin", 4, base64(bytes_of("file"))}, {"chains/aa/2.bin", {}, ""}}, {}};
  });
  has_no_large_values(daemon);
  daemon.start();
  const auto folder = daemon.folder().path("out");
  CHECK(daemon.run({"export", "--sealed", folder}).out == "3 files, 11 bytes\n");
  CHECK(contents(folder + "/keyring/1.bin") == "one");
  CHECK(contents(folder + "/chains/aa/1.bin") == "big file");
  CHECK(fs::file_size(folder + "/chains/aa/2.bin") == 0);
  struct stat is {};
  REQUIRE(stat((folder + "/chains/aa/1.bin").c_str(), &is) == 0);
  CHECK((is.st_mode & 07777) == 0600);
  REQUIRE(stat((folder + "/chains").c_str(), &is) == 0);
  CHECK((is.st_mode & 07777) == 0700);
  CHECK(daemon.run({"export", "--sealed", folder}).code == 2);  // not empty now
  fs::create_directory(daemon.folder().path("empty"));
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("empty"), "--json"}).out ==
        "{\"files\":3,\"bytes\":11,\"missing\":[],\"without_large\":false}\n");
  CHECK(daemon.run({"export", "--sealed", folder, "--resume"}).out == "3 files, 11 bytes\n");
  CHECK(contents(folder + "/chains/aa/1.bin") == "big file");
}

TEST_CASE("export lets the daemon put chunks into a folder for each large value, once, and names those that it lacks") {
  FakeDaemon daemon;
  has_no_history(daemon);
  std::vector<std::string> asked;
  daemon.on(ipc::methods::blob_list, [](ipc::ExportListParams p) -> Result<ipc::ExportListResult> {
    if (!p.cursor) return ipc::ExportListResult{{{"film", "v1", "aa", 2}, {"copy", "v2", "aa", 2}}, "next"};
    return ipc::ExportListResult{{{"song\n", "v3", "bb", 3}, {"gone", "v4", "cc", 1}}, {}};
  });
  daemon.registry.on(
      ipc::methods::blob_export,
      [&asked](ipc::ExportBlobParams p, ipc::Call& call) -> boost::asio::awaitable<Result<ipc::ExportBlobResult>> {
        asked.push_back(p.name + " " + p.version);
        if (p.name == "gone") co_return DaemonErrc::blob_missing;
        const File file{openat(call.file.get(), "0.bin", O_WRONLY | O_CREAT | O_EXCL, 0600)};
        CHECK(file);
        ipc::ExportBlobResult out{.files = 2, .bytes = 10, .written = 2};
        if (p.name != "film") out.missing = {2};
        co_return out;
      });
  daemon.start();
  const auto folder = daemon.folder().path("out");
  const auto said = daemon.run({"export", "--sealed", folder});
  CHECK(said.code == 11);
  CHECK(said.out == "5 files, 23 bytes\n");
  CHECK(asked == std::vector<std::string>{"film v1", "song\n v3", "gone v4"});
  CHECK(
      said.err.starts_with("vaultctl: blobs/bb/2.bin, of song\\x0a: missing\n"
                           "vaultctl: blobs/cc, of gone: the server does not have all of this large value\n"
                           "vaultctl: the export lacks parts of large values"));
  CHECK(fs::exists(folder + "/blobs/aa/0.bin"));
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("small"), "--without-large"}).code == 0);
  CHECK_FALSE(fs::exists(daemon.folder().path("small") + "/blobs"));
}

TEST_CASE("export goes on in no folder but one with an export of this vault, and changes nothing in another") {
  FakeDaemon daemon;
  has_no_history(daemon);
  has_no_large_values(daemon);
  daemon.start();
  const auto refused = [&daemon](const std::string& folder) {
    const auto said = daemon.run({"export", "--sealed", folder, "--resume"});
    CHECK(said.err.find("only with one of this vault") != std::string::npos);
    CHECK(said.code == 2);
    return said.code == 2;
  };
  const auto folder = daemon.folder().path("another");
  fs::create_directories(folder + "/keyring");
  std::ofstream{folder + "/keyring/1.bin"} << "two";
  REQUIRE(refused(folder));
  CHECK(contents(folder + "/keyring/1.bin") == "two");
  const auto photos = daemon.folder().path("photos");
  fs::create_directory(photos);
  std::ofstream{photos + "/beach.jpg"} << "a beach";
  REQUIRE(refused(photos));
  CHECK_FALSE(fs::exists(photos + "/keyring"));
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("mine")}).code == 0);
  fs::create_directory_symlink(daemon.folder().path("mine") + "/keyring", photos + "/keyring");
  REQUIRE(refused(photos));
}

TEST_CASE("export that goes on keeps each file that is there until another one is whole") {
  FakeDaemon daemon;
  bool breaks = false;
  daemon.on(ipc::methods::vault_export, [&breaks](ipc::ExportParams p) -> Result<ipc::ExportResult> {
    if (!p.cursor)
      return ipc::ExportResult{
          {{"keyring/1.bin", {}, base64(bytes_of("one"))}, {"chains/aa/1.bin", 0, base64(bytes_of("a co"))}}, "next"};
    if (breaks) return Errc::storage;
    return ipc::ExportResult{{{"chains/aa/1.bin", 4, base64(bytes_of("mmit"))}}, {}};
  });
  has_no_large_values(daemon);
  daemon.start();
  const auto folder = daemon.folder().path("out");
  CHECK(daemon.run({"export", "--sealed", folder}).code == 0);
  breaks = true;
  CHECK(daemon.run({"export", "--sealed", folder, "--resume"}).code != 0);
  CHECK(contents(folder + "/keyring/1.bin") == "one");
  CHECK(contents(folder + "/chains/aa/1.bin") == "a commit");
}

TEST_CASE("export of a locked vault writes what needs no key, and says that this may not be all") {
  FakeDaemon daemon;
  has_no_history(daemon);
  daemon.on(ipc::methods::blob_list,
            [](ipc::ExportListParams) -> Result<ipc::ExportListResult> { return Errc::locked; });
  daemon.start();
  const auto folder = daemon.folder().path("out");
  const auto said = daemon.run({"export", "--sealed", folder});
  CHECK(said.code == 0);
  CHECK(said.err.find("large values, if there are any, are not in the export") != std::string::npos);
  CHECK(contents(folder + "/keyring/1.bin") == "one");
  CHECK(daemon.run({"export", "--sealed", folder, "--resume", "--json"}).out.find("\"without_large\":true") !=
        std::string::npos);
  CHECK(daemon.run({"export", "--sealed", folder, "--resume", "--without-large"}).code == 0);
}

TEST_CASE("export writes nothing outside of its folder, whatever the daemon says") {
  FakeDaemon daemon;
  has_no_large_values(daemon);
  ipc::ExportResult page;
  daemon.on(ipc::methods::vault_export, [&page](ipc::ExportParams) -> Result<ipc::ExportResult> { return page; });
  daemon.start();
  int n = 0;
  for (const char* bad :
       {"../escaped", "a/../../escaped", "/tmp/escaped", "", "a//b", ".", "a/.", "a/..", "a/", "a\n", "..", "a\x1b"}) {
    INFO(bad);
    page = {{{bad, {}, ""}}, {}};
    CHECK(daemon.run({"export", "--sealed", daemon.folder().path("x" + std::to_string(++n))}).code == 11);
    CHECK_FALSE(fs::exists(daemon.folder().path("escaped")));
  }
  page = {{{"same", {}, ""}, {"same", {}, ""}}, {}};
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("twice")}).code == 11);
  page = {{{"file", {}, ""}, {"file/below", {}, ""}}, {}};
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("below")}).code == 11);
  page = {{{"file", {}, "YQ=="}, {"file", 3, "YQ=="}}, {}};
  CHECK(daemon.run({"export", "--sealed", daemon.folder().path("hole")}).code == 11);
}

TEST_CASE("export makes no folder for chunks outside of its own, whatever the daemon says") {
  FakeDaemon daemon;
  has_no_history(daemon);
  std::string bad;
  daemon.on(ipc::methods::blob_list, [&bad](ipc::ExportListParams) -> Result<ipc::ExportListResult> {
    return ipc::ExportListResult{{{"film", "v1", bad, 1}}, {}};
  });
  daemon.start();
  int n = 0;
  for (const auto* each : {"..", "../../escaped", "", "/", ".", "a\n"}) {
    bad = each;
    CHECK(daemon.run({"export", "--sealed", daemon.folder().path("x" + std::to_string(++n))}).code == 11);
    CHECK_FALSE(fs::exists(daemon.folder().path("escaped")));
  }
}

TEST_CASE("a planted socket gets no password") {
  if (!can_change_uid()) {
    WARN("skipped: only root can give files away");
    return;
  }
  Gate gate;
  REQUIRE(lchown(gate.path().c_str(), 65534, 65534) == 0);
  CHECK(gate.run({"unlock", "--password-fd", "0"}, "right\n").code == 9);
  CHECK(gate.password.empty());
}

}  // namespace vault_test
