// SPDX-License-Identifier: Apache-2.0
#include "crypto/sheet.hpp"

#include <algorithm>
#include <optional>

#include "base/input_errc.hpp"
#include "base/limits.hpp"

namespace vault::crypto {
namespace {

constexpr std::string_view prefix = "vaultd-recovery:";
constexpr std::string_view format = "1";
constexpr std::size_t state_digits = 20;

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

// Takes the text up to the next colon off the front, with the colon, and returns it; nullopt if there is no colon.
std::optional<std::string_view> take_field(std::string_view& text) {
  const auto end = text.find(':');
  if (end == std::string_view::npos) return std::nullopt;
  const auto field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

std::string without(std::string_view text, char out) {
  std::string rest{text};
  std::erase(rest, out);
  return rest;
}

std::string grouped(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 5 == 0) out += ' ';
    out += digits[i];
  }
  return out;
}

Result<RecoveryCode> read_code(std::string_view text) {
  auto secret = Secret::copy_of(text);
  auto code = RecoveryCode::from_text(secret);
  if (code) return code;
  if (code.error() != Errc::auth) return InputErrc::code_form;
  const auto group = wrong_group(secret);
  return group != 0 ? mistyped_error(group) : make_error_code(InputErrc::code_mistyped);
}

Result<Sheet> read_line(std::string_view rest) {
  const auto version = take_field(rest);
  const auto code = take_field(rest);
  const auto state = take_field(rest);
  const auto account = take_field(rest);
  if (!version || *version != format || !code || !state || !account) return InputErrc::code_form;
  const bool good = state->size() == state_digits && is_digits(*state) && !account->empty() && is_printable(*account) &&
                    !rest.empty() && is_printable(rest);
  if (!good) return InputErrc::code_form;
  auto read = read_code(*code);
  if (!read) return read.error();
  return Sheet{std::move(*read), {std::string{*account}, std::string{rest}, grouped(*state)}};
}

}  // namespace

Secret sheet_line(const RecoveryCode& code, const SheetPlace& place) {
  auto out = Secret::copy_of(std::string{prefix} + std::string{format} + ":");
  const auto text = code.text();
  for (const char& c : text.text())
    if (c != '-') out.append(bytes_of({&c, 1}));
  out.append(bytes_of(":" + without(place.state_code, ' ') + ":" + place.account + ":" + place.server));
  return out;
}

Result<Sheet> read_sheet(const Secret& text) {
  if (text.size() > limits::sheet_line_bytes) return InputErrc::code_form;
  const auto typed = trimmed(text.text());
  if (typed.starts_with(prefix)) return read_line(typed.substr(prefix.size()));
  auto code = read_code(typed);
  if (!code) return code.error();
  return Sheet{std::move(*code), {}};
}

}  // namespace vault::crypto
