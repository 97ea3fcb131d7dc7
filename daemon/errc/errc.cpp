// SPDX-License-Identifier: Apache-2.0
#include "daemon/errc/errc.hpp"

#include <array>

#include "base/error_table.hpp"
#include "base/limits.hpp"

namespace vault {
namespace {

constexpr std::array daemon_details{
    ErrorDetail{DaemonErrc::value_is_blob, Errc::limit,
                "the value is a large one: fetch it with blob.get, or vaultctl get"},
    ErrorDetail{DaemonErrc::vault_absent, Errc::usage,
                "there is no vault on this device: run vaultctl create or vaultctl join"},
    ErrorDetail{DaemonErrc::vault_exists, Errc::conflict, "there is a vault on this device already"},
    ErrorDetail{DaemonErrc::vault_damaged, Errc::storage,
                "this vault's database is damaged, and too little of it is left to go on with: see vaultctl status"},
    ErrorDetail{DaemonErrc::vault_missing, Errc::storage,
                "this vault's database is gone from its folder, where other files of it are: see vaultctl status"},
    ErrorDetail{DaemonErrc::server_error, Errc::offline, "the server failed to answer the request"},
    ErrorDetail{DaemonErrc::server_answer_unfit, Errc::tamper, "the server answered what it must not"},
    ErrorDetail{DaemonErrc::slot_unusable, Errc::locked,
                "the newest keyring has no key that this device can open: run vaultctl unlock, whose password can"},
    ErrorDetail{DaemonErrc::try_under_way, Errc::busy,
                "this program already waits for the answer to a password: one at a time"},
    ErrorDetail{DaemonErrc::transfer_idle,
                Errc::busy,
                "the value did not move, and another one needed its place: # at a time, of which a program has a share",
                {limits::blob_calls}},
    ErrorDetail{DaemonErrc::locked_meanwhile, Errc::locked, "the vault was locked meanwhile: run vaultctl unlock"},
    ErrorDetail{DaemonErrc::server_slow, Errc::offline,
                "the server is too slow: a round of sync was given up, and is tried again"},
    ErrorDetail{DaemonErrc::interrupted, Errc::busy,
                "stopped, because the vault was locked or opened anew meanwhile: try again"},
    ErrorDetail{DaemonErrc::distrusted, Errc::rollback, "the server is distrusted: see vaultctl status"},
    ErrorDetail{DaemonErrc::roll_pending, Errc::locked, "this device needs a new identity: run vaultctl unlock"},
    ErrorDetail{
        DaemonErrc::push_locked, Errc::locked,
        "the vault's key was changed elsewhere, and what waits here is sent under the new one only: run vaultctl "
        "unlock"},
    ErrorDetail{DaemonErrc::state_homeless, Errc::storage,
                "neither XDG_STATE_HOME nor HOME names a folder for the state"},
    ErrorDetail{
        DaemonErrc::own_damaged, Errc::storage,
        "the disk has changed what this device wrote and no server has: run vaultctl unlock, which keeps all that can "
        "still be read"},
    ErrorDetail{DaemonErrc::counter_exhausted, Errc::keystate,
                "this device has used up its counter: unlock gives it a new identity"},
    ErrorDetail{DaemonErrc::too_many_devices,
                Errc::limit,
                "the vault has as many devices as it can hold: #, revoked ones included",
                {limits::devices}},
    ErrorDetail{DaemonErrc::version_unknown, Errc::not_found, "the item has no such version"},
    ErrorDetail{DaemonErrc::version_is_remove, Errc::not_found, "this version removed the item: it has no value"},
    ErrorDetail{DaemonErrc::merge_clash, Errc::conflict,
                "the heads differ in the same place, so a person must choose: see vaultctl conflicts --diff"},
    ErrorDetail{DaemonErrc::resolve_form_bad, Errc::usage, "give either version or merge"},
    ErrorDetail{DaemonErrc::item_exists, Errc::conflict, "there is an item of this name already"},
    ErrorDetail{DaemonErrc::item_not_found, Errc::not_found, "there is no such item"},
    ErrorDetail{
        DaemonErrc::code_unknown, Errc::gap,
        "no verified checkpoint has this code: compare it digit by digit; if it is right, the server withholds some of "
        "the history from this device"},
    ErrorDetail{
        DaemonErrc::code_unknown_here, Errc::gap,
        "no verified checkpoint has this code, and the server could not be asked for more: sync, and compare again"},
    ErrorDetail{
        DaemonErrc::code_refused, Errc::auth,
        "the recovery code was refused: a newer sheet has taken its place, or the account or server is another one"},
    ErrorDetail{DaemonErrc::code_unsure, Errc::offline,
                "the server's answer was lost: either the new sheet or the one before is in force. Keep both, and see "
                "vaultctl recovery confirm when this device has synced"},
    ErrorDetail{DaemonErrc::sheet_unlike, Errc::usage,
                "that is not the last group of a sheet that was just made here: nothing was changed"},
    ErrorDetail{DaemonErrc::sheet_ended, Errc::auth, "this sheet is not the one in force"},
    ErrorDetail{
        DaemonErrc::code_none, Errc::offline,
        "the server could not be asked, and it has acknowledged no state code of this device: try again on-line"},
    ErrorDetail{DaemonErrc::recovery_other, Errc::usage,
                "this device has another vault than the sheet names: recover with another profile"},
    ErrorDetail{
        DaemonErrc::recovery_half, Errc::conflict,
        "an earlier recovery here was cut after it may have reached the server, and it set another new password: "
        "give that one"},
    ErrorDetail{
        DaemonErrc::recovery_sheet, Errc::offline,
        "the new password is set, and the old sheet has ended, but no new sheet was made: run vaultctl recovery "
        "create"},
    ErrorDetail{DaemonErrc::repair_password, Errc::locked, "this repair needs the vault's password"},
    ErrorDetail{
        DaemonErrc::repair_unknown_key, Errc::auth,
        "the server knows neither this device nor this password: run vaultctl repair on a device that it knows"},
    ErrorDetail{DaemonErrc::account_taken, Errc::conflict,
                "the account on the server holds another vault: nothing was sent"},
    ErrorDetail{DaemonErrc::branches_apart, Errc::fork,
                "the server has another history, which cannot be joined with this device's: nothing was sent"},
    ErrorDetail{DaemonErrc::blob_too_large,
                Errc::limit,
                "the value is too large: an item holds up to # bytes",
                {limits::blob_bytes}},
    ErrorDetail{DaemonErrc::value_damaged, Errc::tamper,
                "the server's bytes of this value are not those that were written: none of them are shown"},
    ErrorDetail{DaemonErrc::blob_missing, Errc::gap, "the server does not have all of this large value"},
    ErrorDetail{DaemonErrc::range_bad, Errc::usage, "the range is not within the value"},
    ErrorDetail{DaemonErrc::fd_missing, Errc::usage, "the request needs an open file, and none came with it"},
    ErrorDetail{DaemonErrc::input_length_wrong, Errc::usage,
                "the input ended before, or went on after, the length announced"},
    ErrorDetail{DaemonErrc::password_same, Errc::usage, "the new password is the present one: choose another"},
    ErrorDetail{DaemonErrc::password_changed, Errc::auth, "the password was changed since: give the new one"},
    ErrorDetail{
        DaemonErrc::change_unconfirmed, Errc::offline,
        "the server has not confirmed the change: it is kept and sent again by itself, and until it is confirmed "
        "this device opens with either password: see vaultctl status"},
    ErrorDetail{DaemonErrc::device_unknown, Errc::not_found, "there is no such device: see vaultctl device ls"},
    ErrorDetail{DaemonErrc::device_ambiguous, Errc::usage,
                "more than one device is called so: give its id, or the first four digits or more of it"},
    ErrorDetail{DaemonErrc::device_is_self, Errc::usage, "a device cannot revoke itself: do it on another one"},
    ErrorDetail{DaemonErrc::device_revoked_already, Errc::conflict, "the device has been revoked already"},
    ErrorDetail{DaemonErrc::device_refused, Errc::auth,
                "the server refuses this device: it was revoked, or the server does not know it; what is here stays "
                "readable, and to sync again join anew with the vault's present password"},
    ErrorDetail{DaemonErrc::refusal_pending, Errc::locked,
                "the server refuses this device's key: run vaultctl unlock, which finds out why"},
};

}  // namespace

const boost::system::error_category& daemon_errors() noexcept {
  static const ErrorTable table{"vault.daemon", daemon_details};
  return table;
}

}  // namespace vault
