// SPDX-License-Identifier: Apache-2.0
#include "wire/errc.hpp"

#include <array>

#include "base/error_table.hpp"

namespace vault {
namespace {

constexpr std::array wire_details{
    ErrorDetail{WireErrc::account_exists, Errc::conflict,
                "the account exists on this server: join it, or choose another name"},
    ErrorDetail{WireErrc::registration_closed, Errc::denied,
                "this server accepts no new accounts, or by invitation only: see --invite"},
    ErrorDetail{WireErrc::invite_needed, Errc::denied,
                "the server refused the invitation: it is not valid, or used up"},
    ErrorDetail{
        WireErrc::format_older, Errc::downgrade,
        "the vault was made by an older, unreleased version of this program, and only that one reads it: export "
        "there what you need, and create a new vault"},
    ErrorDetail{WireErrc::quota, Errc::limit, "the account's quota on the server is used up"},
    ErrorDetail{
        WireErrc::keyring_devices, Errc::tamper,
        "a keyring version may take no device away, change no device's keys, give no revoked one its place back, and "
        "leave no active one without a new vault key"},
    ErrorDetail{WireErrc::commit_unsigned, Errc::denied,
                "the server refuses commits: their device has not signed the last of them"},
};

}  // namespace

const boost::system::error_category& wire_errors() noexcept {
  static const ErrorTable table{"vault.wire", wire_details};
  return table;
}

}  // namespace vault
