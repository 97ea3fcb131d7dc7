// SPDX-License-Identifier: Apache-2.0
// What is read of a sheet, typed or scanned: exactly what was written, or a word on where it was typed wrong.
#include "crypto/sheet.hpp"
#include "base/input_errc.hpp"

#include "base/limits.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace sheet_test {
namespace {

RecoveryCode a_code(std::uint8_t byte = 0x5A) { return RecoveryAccess::make(Secret::copy_of(Bytes(20, byte))); }

const SheetPlace a_place{"ann@home", "https://vault.example:8443", "48954 60186 79515 61868"};

Result<Sheet> read(std::string_view text) { return read_sheet(Secret::copy_of(text)); }

bool same(const RecoveryCode& a, const RecoveryCode& b) {
  return std::ranges::equal(RecoveryAccess::view(a), RecoveryAccess::view(b));
}

std::string line_text() { return std::string{sheet_line(a_code(), a_place).text()}; }

}  // namespace

TEST_CASE("the line of a sheet says in printable ASCII what FORMAT.md says, and is read as it was written") {
  auto code = std::string{a_code().text().text()};
  std::erase(code, '-');
  CHECK(line_text() == "vaultd-recovery:1:" + code + ":48954601867951561868:ann@home:https://vault.example:8443");
  const auto sheet = read(" " + line_text() + "\r\n");
  REQUIRE(sheet);
  CHECK(same(sheet->code, a_code()));
  CHECK(sheet->place.account == "ann@home");
  CHECK(sheet->place.server == "https://vault.example:8443");
  CHECK(sheet->place.state_code == "48954 60186 79515 61868");
}

TEST_CASE("a code alone is read, and names neither account nor server") {
  const auto sheet = read(std::string{a_code().text().text()} + "\n");
  REQUIRE(sheet);
  CHECK(same(sheet->code, a_code()));
  CHECK(sheet->place.account.empty());
  CHECK(sheet->place.server.empty());
  CHECK(sheet->place.state_code.empty());
}

TEST_CASE("a line that lacks something, has something else in its place, or another format, is no line") {
  const auto line = line_text();
  const auto with = [&line](std::string_view old, std::string_view now) {
    auto out = line;
    out.replace(out.find(old), old.size(), now);
    return out;
  };
  for (const auto& wrong :
       {with(":1:", ":2:"), with(":1:", ":"), with("48954", "4895"), with("48954", "4895x"), with("ann@home", ""),
        with("ann@home", "ann home"), with("https://vault.example:8443", ""),
        with("https://vault", "https://\x01vault"), std::string{"vaultd-recovery:"}, std::string{},
        std::string{"hunter2"}, std::string(36, 'U'), line + std::string(limits::sheet_line_bytes, 'x')}) {
    INFO(wrong);
    CHECK(read(wrong).error() == InputErrc::code_form);
  }
}

TEST_CASE("one character that is wrong, or two that changed places, is found in its group") {
  const std::string good{a_code(0xC3).text().text()};
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (good[i] == '-') continue;
    auto wrong = good;
    wrong[i] = wrong[i] == '7' ? '8' : '7';
    INFO(wrong);
    CHECK(read(wrong).error() == mistyped_error(i / 5 + 1));
    CHECK(class_of(read(wrong).error()) == Errc::auth);
  }
  const std::string mixed{RecoveryAccess::make(Secret::copy_of(Bytes{1, 35, 69, 103, 137, 171, 205, 239, 2,  4,
                                                                     6, 8,  10, 12,  14,  16,  18,  20,  22, 24}))
                              .text()
                              .text()};
  auto swapped = mixed;
  for (std::size_t i = 0; i + 1 < swapped.size(); ++i)
    if (swapped[i] != swapped[i + 1] && swapped[i] != '-' && swapped[i + 1] != '-') {
      std::swap(swapped[i], swapped[i + 1]);
      INFO(swapped);
      CHECK(read(swapped).error() == mistyped_error(i / 5 + 1));
      std::swap(swapped[i], swapped[i + 1]);
    }
}

TEST_CASE("a code that is wrong in several groups is refused, and no group is blamed") {
  std::string wrong{a_code().text().text()};
  for (const std::size_t i : {0u, 5u, 10u}) wrong[i] = wrong[i] == '7' ? '8' : '7';
  CHECK(read(wrong).error() == InputErrc::code_mistyped);
}

}  // namespace sheet_test
