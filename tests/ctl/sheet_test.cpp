// SPDX-License-Identifier: Apache-2.0
// The sheet as a person prints it: everything on it, in a frame that fits, and nothing of it but paper for a printer.
#include "ctl/sheet.hpp"

#include <algorithm>

#include "ctl/qr.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::ctl;

namespace sheet_test {
namespace {

ipc::RecoverySheet a_sheet() {
  ipc::RecoverySheet sheet;
  sheet.code = Secret::copy_of(std::string_view{"ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD"});
  sheet.account = "ann";
  sheet.server = "https://vault.example";
  sheet.created = "2026-11-26T02:00:00.000Z";
  sheet.state_code = "48954 60186 79515 61868";
  sheet.line = Secret::copy_of(std::string_view{
      "vaultd-recovery:1:ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCD:48954601867951561868:ann:https://vault.example"});
  return sheet;
}

std::string printed(const Paper& paper) { return std::string{sheet_text(a_sheet(), paper).text()}; }
bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

std::size_t widest(const std::string& text) {  // in characters
  std::size_t most = 0, now = 0;
  for (const char c : text) {
    if (c == '\n') now = 0;
    else if ((c & 0xC0) != 0x80) most = std::max(most, ++now);
  }
  return most;
}

}  // namespace

TEST_CASE("the sheet has all that recovery needs, and off a terminal it is plain text") {
  const auto text = printed({});
  for (const std::string_view what : {"ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD", "ann", "https://vault.example",
                                      "2026-11-26", "48954 60186 79515 61868", "vaultctl recovery use"})
    CHECK(has(text, what));
  CHECK(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7F); }));
}

TEST_CASE("on a terminal it is framed with its QR code below, within 80 columns; colours only where they are wanted") {
  const auto bare = printed({80, false}), coloured = printed({80, true});
  CHECK(has(bare, "┌"));
  CHECK(has(bare, "▀"));
  CHECK(widest(bare) <= 80);
  CHECK_FALSE(has(bare, "\x1b"));
  CHECK(has(coloured, "\x1b[0m"));
}

TEST_CASE("a terminal that is too narrow gets the sheet without a frame, and is told what the QR code needs") {
  const auto text = printed({40, true});
  CHECK(has(text, "ABCD-EFGH"));
  CHECK_FALSE(has(text, "┌"));
  CHECK_FALSE(has(text, "▀"));
  CHECK(has(text, "columns"));
}

TEST_CASE("a QR code is a square with a light edge of four modules, two rows in a line") {
  const auto code = qr_text(a_sheet().line, false);
  REQUIRE(code);
  const std::string text{code->text.text()};
  CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) == (code->width + 1) / 2);
  std::string edge;
  for (std::size_t i = 0; i < code->width; ++i) edge += "█";
  CHECK(text.starts_with(edge + "\n" + edge + "\n"));
  CHECK_FALSE(qr_text(Secret{8000}, false));
}

}  // namespace sheet_test
