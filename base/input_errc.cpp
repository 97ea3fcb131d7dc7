// SPDX-License-Identifier: Apache-2.0
#include "base/input_errc.hpp"

#include <array>
#include <string>

#include "base/error_table.hpp"
#include "base/limits.hpp"

namespace vault {
namespace {

constexpr std::array input_details{
    ErrorDetail{
        InputErrc::name_empty, Errc::usage, "the item name is empty: names have 1 to # bytes", {limits::name_bytes}},
    ErrorDetail{InputErrc::name_too_long,
                Errc::limit,
                "the item name is too long: names have 1 to # bytes",
                {limits::name_bytes}},
    ErrorDetail{InputErrc::name_control, Errc::usage,
                "the item name has a control character (NUL, newline, tab, ...): names may not"},
    ErrorDetail{InputErrc::name_not_utf8, Errc::usage, "the item name is not valid UTF-8"},
    ErrorDetail{InputErrc::value_too_large,
                Errc::limit,
                "the value is too large: an item holds up to # bytes",
                {limits::value_bytes}},
    ErrorDetail{InputErrc::content_type_bad,
                Errc::usage,
                "the content type is not valid: up to # printable ASCII characters",
                {limits::content_type_bytes}},
    ErrorDetail{InputErrc::attribute_bad,
                Errc::usage,
                "an attribute is not valid: keys have 1 to # bytes, values up to #, both UTF-8 without control "
                "characters",
                {limits::attribute_key_bytes, limits::attribute_value_bytes}},
    ErrorDetail{
        InputErrc::too_many_attributes, Errc::limit, "too many attributes: an item has up to #", {limits::attributes}},
    ErrorDetail{InputErrc::batch_empty, Errc::usage, "the batch names no item"},
    ErrorDetail{InputErrc::page_empty, Errc::usage, "limit is how many to answer with: 1 or more"},
    ErrorDetail{InputErrc::batch_too_large,
                Errc::limit,
                "the batch is too large: one commit holds up to # items and # bytes",
                {limits::commit_records, limits::commit_plain_bytes}},
    ErrorDetail{InputErrc::attributes_form_bad, Errc::usage, "give either attributes or attributes_patch"},
    ErrorDetail{InputErrc::name_twice, Errc::usage,
                "the batch names one item twice: a commit holds one write of an item"},
    ErrorDetail{InputErrc::text_not_utf8, Errc::usage, "the text is not valid UTF-8"},
    ErrorDetail{InputErrc::password_empty,
                Errc::usage,
                "the password is empty: passwords have 1 to # bytes",
                {limits::password_bytes}},
    ErrorDetail{InputErrc::password_too_long,
                Errc::limit,
                "the password is too long: passwords have 1 to # bytes",
                {limits::password_bytes}},
    ErrorDetail{InputErrc::password_nul, Errc::usage, "the password contains a NUL byte"},
    ErrorDetail{InputErrc::password_not_utf8, Errc::usage, "the password is not valid UTF-8"},
    ErrorDetail{InputErrc::account_bad,
                Errc::usage,
                "the account name is not valid: 1 to # characters out of a-z 0-9 . _ @ -",
                {limits::account_bytes}},
    ErrorDetail{InputErrc::device_name_bad,
                Errc::usage,
                "the device name is not valid: 1 to # bytes of UTF-8 without control characters",
                {limits::device_name_bytes}},
    ErrorDetail{InputErrc::server_url_bad, Errc::usage,
                "the server URL is not valid: https://HOST[:PORT], or http://127.0.0.1:PORT"},
    ErrorDetail{InputErrc::plain_http, Errc::usage, "plain http is accepted for loopback addresses only: use https://"},
    ErrorDetail{
        InputErrc::code_form, Errc::usage,
        "that is no recovery code: it has nine groups of four characters out of 0-9 and A-Z without U; or it is the "
        "line of the sheet's QR code, whole"},
    ErrorDetail{InputErrc::code_mistyped, Errc::auth,
                "the recovery code is typed wrong somewhere: its last group does not fit the others"},
    ErrorDetail{InputErrc::recovery_place, Errc::usage,
                "there is no vault on this device: give --server and --account, as they stand on the sheet"},
    ErrorDetail{InputErrc::value_form_bad, Errc::usage, "give either value or value_base64"},
    ErrorDetail{InputErrc::base64_bad, Errc::usage, "value_base64 is not valid base64"},
    ErrorDetail{InputErrc::profile_bad,
                Errc::usage,
                "the profile name is not valid: 1 to # characters out of a-z A-Z 0-9 . _ -, not beginning with a dot",
                {limits::profile_bytes}},
    ErrorDetail{InputErrc::fd_bad, Errc::usage,
                "the open file cannot be used: a regular file or a pipe is needed, open in the right direction"},
};

constexpr int mistyped_base = 900'000;  // mistyped_error() uses this number and the nine after it

bool is_mistyped(int value) { return value >= mistyped_base && value < mistyped_base + 10; }

class InputTable final : public ErrorTable {
 public:
  InputTable() : ErrorTable("vault.input", input_details) {}
  std::string message(int value) const override {
    if (!is_mistyped(value)) return ErrorTable::message(value);
    return "the recovery code is typed wrong: look at group " + std::to_string(value - mistyped_base);
  }
  Errc class_of(int value) const override { return is_mistyped(value) ? Errc::auth : ErrorTable::class_of(value); }
};

}  // namespace

const boost::system::error_category& input_errors() noexcept {
  static const InputTable table;
  return table;
}

boost::system::error_code mistyped_error(std::size_t group) {
  return {mistyped_base + static_cast<int>(group), input_errors()};
}

}  // namespace vault
