// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "base/errc.hpp"
#include "ctl/commands.hpp"
#include "tests/ctl/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;

namespace usage_test {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("a command line that makes no sense exits 2 and says what was expected") {
  const auto says = [](const Words& words, std::string_view expected) {
    const auto ran = run_vaultctl(words);
    INFO(ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(expected) != std::string::npos);
    CHECK(ran.err.starts_with("vaultctl: "));
  };
  says({}, "a command is expected");
  says({"frobnicate"}, "there is no command or option frobnicate");
  says({"--frobnicate", "ls"}, "--frobnicate");
  says({"get"}, "NAME is required");
  says({"get", "a", "b"}, "b");
  says({"create"}, "--server is required");
  says({"create", "--server", "u"}, "--account is required");
  says({"export"}, "--sealed is required");
  says({"sync", "--timeout", "soon"}, "soon");
  says({"unlock", "--password-fd", "-1"}, "-1");
  says({"get", "\xFF"}, "UTF-8");
  says({"device"}, "subcommand");
  says({"help", "nothing"}, "nothing");
  CHECK_NOTHROW(boost::json::parse(run_vaultctl({"frobnicate", "--json"}).err).at("error").at("kind"));
}

TEST_CASE("help, versions and exit codes need no daemon") {
  CHECK(run_vaultctl({"--version"}).out == "vaultctl " VAULT_VERSION "\n");
  CHECK(run_vaultctl({"--help"}).code == 0);
  CHECK(run_vaultctl({"help"}).out == run_vaultctl({"--help"}).out);
  CHECK(run_vaultctl({"help", "put"}).out.find("--if-version") != std::string::npos);
  const auto codes = run_vaultctl({"help", "exit-codes"});
  CHECK(codes.code == 0);
  CHECK(codes.out == ctl::exit_codes());
}

TEST_CASE("every class of error is listed under its exit code, and the codes are those that scripts know") {
  const auto text = ctl::exit_codes();
  for (const auto& row : error_classes()) {
    const auto line_start = "\n" + std::string(row.exit_code < 10 ? " " : "") + std::to_string(row.exit_code) + "  ";
    const auto at = text.find(line_start);
    REQUIRE(at != std::string::npos);
    CHECK(text.substr(at + 1, text.find('\n', at + 1) - at).find(row.kind) != std::string::npos);
  }
}

TEST_CASE("the manual has every command, option and exit code") {
  const auto manual = contents(VAULT_SOURCE_DIR "/ctl/vaultctl.1");
  std::istringstream help{run_vaultctl({"--help"}).out};
  int found = 0;
  for (std::string line; std::getline(help, line);) {
    std::istringstream words{line};
    std::string word;
    words >> word;
    const bool entry = line.starts_with("  ") && !line.starts_with("   ") && word.size() > 1;
    if (!entry) continue;
    if (word.find(',') != std::string::npos) word = word.substr(word.find(',') + 1);
    std::string in_roff;
    for (const char c : word) in_roff += c == '-' ? std::string{"\\-"} : std::string(1, c);
    INFO(in_roff);
    CHECK(manual.find(in_roff) != std::string::npos);
    ++found;
  }
  CHECK(found > 20);
  std::istringstream codes{ctl::exit_codes()};
  for (std::string number, rest; codes >> number && std::getline(codes, rest);)
    CHECK(manual.find("\n.TP\n.B " + number + "\n") != std::string::npos);
}

TEST_CASE("the completion knows every command, and offers names only of a daemon that answers") {
  const auto completion = contents(VAULT_SOURCE_DIR "/ctl/vaultctl.bash");
  for (const char* word : {"create", "join", "unlock", "lock", "status", "put", "get", "ls", "rm", "history", "restore",
                           "conflicts", "resolve", "put-many", "sync", "device", "export", "help"})
    CHECK(completion.find(word) != std::string::npos);
  CHECK(completion.find("--no-input ls") != std::string::npos);
}

}  // namespace usage_test
