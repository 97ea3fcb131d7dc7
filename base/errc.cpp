// SPDX-License-Identifier: Apache-2.0
#include "base/errc.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <string>

#include "base/limits.hpp"

namespace vault {
namespace {

constexpr std::array classes{
    ErrorClass{Errc::auth, "E_AUTH", 6, 401, "the password, account or device was refused"},
    ErrorClass{Errc::tamper, "E_TAMPER", 11, 400, "data from the server is not authentic"},
    ErrorClass{Errc::rollback, "E_ROLLBACK", 11, 409, "the server shows an older state than this device has seen"},
    ErrorClass{Errc::fork, "E_FORK", 11, 409, "the server shows two different histories"},
    ErrorClass{Errc::gap, "E_GAP", 11, 409, "the server withholds data that other devices have written"},
    ErrorClass{Errc::downgrade, "E_DOWNGRADE", 11, 400, "unknown or outdated format or key derivation suite"},
    ErrorClass{Errc::limit, "E_LIMIT", 14, 413, "too large"},
    ErrorClass{Errc::keystate, "E_KEYSTATE", 5, 409,
               "this device needs a new identity before it can write: unlock again"},
    ErrorClass{Errc::storage, "E_STORAGE", 13, 507, "the local disk or database failed"},
    ErrorClass{Errc::conflict, "E_CONFLICT", 8, 409, "somebody else wrote in between"},
    ErrorClass{Errc::denied, "E_DENIED", 9, 403, "not allowed"},
    ErrorClass{Errc::locked, "E_LOCKED", 5, 423, "the vault is locked: run vaultctl unlock"},
    ErrorClass{Errc::offline, "E_OFFLINE", 10, 503, "the server cannot be reached"},
    ErrorClass{Errc::not_found, "E_NOT_FOUND", 7, 404, "not found"},
    ErrorClass{Errc::usage, "E_USAGE", 2, 400, "the request is not valid"},
    ErrorClass{Errc::busy, "E_BUSY", 12, 429, "busy or timed out: try again"},
    ErrorClass{Errc::cancelled, "E_CANCELLED", 3, 499, "cancelled"},
    ErrorClass{Errc::no_daemon, "E_NO_DAEMON", 4, 503,
               "vaultd is not running: start it with systemctl --user start vaultd, or run vaultd"},
    ErrorClass{Errc::internal, "E_INTERNAL", 1, 500, "internal error"},
};

struct Detail {
  Errc code;
  Errc klass;
  std::string_view sentence;               // each # stands for one of `numbers`
  std::array<std::uint64_t, 2> numbers{};  // in the order of the #s
};

constexpr std::array details{
    Detail{Errc::name_empty, Errc::usage, "the item name is empty: names have 1 to # bytes", {limits::name_bytes}},
    Detail{
        Errc::name_too_long, Errc::limit, "the item name is too long: names have 1 to # bytes", {limits::name_bytes}},
    Detail{Errc::name_control, Errc::usage,
           "the item name has a control character (NUL, newline, tab, ...): names may not"},
    Detail{Errc::name_not_utf8, Errc::usage, "the item name is not valid UTF-8"},
    Detail{Errc::value_too_large,
           Errc::limit,
           "the value is too large: an item holds up to # bytes",
           {limits::value_bytes}},
    Detail{Errc::value_is_blob, Errc::limit, "the value is a large one: fetch it with blob.get, or vaultctl get"},
    Detail{Errc::content_type_bad,
           Errc::usage,
           "the content type is not valid: up to # printable ASCII characters",
           {limits::content_type_bytes}},
    Detail{Errc::attribute_bad,
           Errc::usage,
           "an attribute is not valid: keys have 1 to # bytes, values up to #, both UTF-8 without control "
           "characters",
           {limits::attribute_key_bytes, limits::attribute_value_bytes}},
    Detail{Errc::too_many_attributes, Errc::limit, "too many attributes: an item has up to #", {limits::attributes}},
    Detail{Errc::batch_too_large,
           Errc::limit,
           "the batch is too large: one commit holds up to # items and # bytes",
           {limits::commit_records, limits::commit_plain_bytes}},
    Detail{Errc::name_twice, Errc::usage, "the batch names one item twice: a commit holds one write of an item"},
    Detail{Errc::text_not_utf8, Errc::usage, "the text is not valid UTF-8"},
    Detail{Errc::password_empty,
           Errc::usage,
           "the password is empty: passwords have 1 to # bytes",
           {limits::password_bytes}},
    Detail{Errc::password_too_long,
           Errc::limit,
           "the password is too long: passwords have 1 to # bytes",
           {limits::password_bytes}},
    Detail{Errc::password_nul, Errc::usage, "the password contains a NUL byte"},
    Detail{Errc::password_not_utf8, Errc::usage, "the password is not valid UTF-8"},
    Detail{Errc::account_bad,
           Errc::usage,
           "the account name is not valid: 1 to # characters out of a-z 0-9 . _ @ -",
           {limits::account_bytes}},
    Detail{Errc::device_name_bad,
           Errc::usage,
           "the device name is not valid: 1 to # bytes of UTF-8 without control characters",
           {limits::device_name_bytes}},
    Detail{Errc::server_url_bad, Errc::usage,
           "the server URL is not valid: https://HOST[:PORT], or http://127.0.0.1:PORT"},
    Detail{Errc::plain_http, Errc::usage, "plain http is accepted for loopback addresses only: use https://"},
    Detail{Errc::vault_absent, Errc::usage, "there is no vault on this device: run vaultctl create or vaultctl join"},
    Detail{Errc::vault_exists, Errc::conflict, "there is a vault on this device already"},
    Detail{Errc::vault_damaged, Errc::storage,
           "this vault's database is damaged, and too little of it is left to go on with: see vaultctl status"},
    Detail{Errc::vault_missing, Errc::storage,
           "this vault's database is gone from its folder, where other files of it are: see vaultctl status"},
    Detail{Errc::account_exists, Errc::conflict, "the account exists on this server: join it, or choose another name"},
    Detail{Errc::registration_closed, Errc::denied,
           "this server accepts no new accounts, or by invitation only: see --invite"},
    Detail{Errc::invite_needed, Errc::denied, "the server refused the invitation: it is not valid, or used up"},
    Detail{Errc::server_error, Errc::offline, "the server failed to answer the request"},
    Detail{Errc::server_answer_bad, Errc::tamper, "the server's answer is malformed"},
    Detail{Errc::server_answer_unfit, Errc::tamper, "the server answered what it must not"},
    Detail{Errc::tls_refused, Errc::offline,
           "the server's TLS certificate or handshake is not acceptable: check the server's name, the certificate's "
           "dates and issuer, or give --ca FILE"},
    Detail{Errc::tls_files, Errc::usage,
           "the TLS certificate or key cannot be used: both are PEM files, and belong together"},
    Detail{
        Errc::tls_key_encrypted, Errc::usage,
        "the TLS key is encrypted, and nobody is there to type its passphrase: give a key without one, in a file that "
        "only the server may read"},
    Detail{Errc::slot_unusable, Errc::locked,
           "the newest keyring has no key that this device can open: run vaultctl unlock, whose password can"},
    Detail{Errc::try_under_way, Errc::busy, "this program already waits for the answer to a password: one at a time"},
    Detail{Errc::transfer_idle,
           Errc::busy,
           "the value did not move, and another one needed its place: # at a time, of which a program has a share",
           {limits::blob_calls}},
    Detail{Errc::locked_meanwhile, Errc::locked, "the vault was locked meanwhile: run vaultctl unlock"},
    Detail{Errc::server_slow, Errc::offline,
           "the server is too slow: a round of sync was given up, and is tried again"},
    Detail{Errc::interrupted, Errc::busy, "stopped, because the vault was locked or opened anew meanwhile: try again"},
    Detail{Errc::ca_unreadable, Errc::offline,
           "the file of certificates to trust, which --ca named, is not there or may not be read: put it back where it "
           "was, and vaultd uses it by itself"},
    Detail{Errc::ca_not_plain, Errc::offline,
           "what --ca named is no plain file: put a file of certificates (PEM) in its place, and vaultd uses it by "
           "itself"},
    Detail{
        Errc::ca_bad,
        Errc::offline,
        "the file of certificates to trust, which --ca named, holds none, or damaged ones, or more than # bytes: put "
        "certificates (PEM) there, and vaultd uses them by itself",
        {limits::ca_file_bytes}},
    Detail{
        Errc::ca_expired, Errc::offline,
        "every certificate in the file that --ca named is out of its dates, if this machine's clock is right: put the "
        "new one there, and vaultd uses it by itself"},
    Detail{Errc::ca_slow, Errc::offline,
           "the disk or mount of the file that --ca named does not answer: vaultd goes on once it does"},
    Detail{Errc::distrusted, Errc::rollback, "the server is distrusted: see vaultctl status"},
    Detail{Errc::roll_pending, Errc::locked, "this device needs a new identity: run vaultctl unlock"},
    Detail{Errc::push_locked, Errc::locked,
           "the vault's key was changed elsewhere, and what waits here is sent under the new one only: run vaultctl "
           "unlock"},
    Detail{Errc::state_in_use, Errc::storage, "another process uses this state folder"},
    Detail{Errc::state_remote, Errc::storage,
           "the state folder is on a network filesystem, where a lock cannot be trusted"},
    Detail{Errc::state_unsafe, Errc::storage, "the folder is not owned by this user or is open to others"},
    Detail{Errc::state_homeless, Errc::storage, "neither XDG_STATE_HOME nor HOME names a folder for the state"},
    Detail{Errc::disk_full, Errc::storage, "the disk is full"},
    Detail{Errc::store_damaged, Errc::storage,
           "the database is damaged: start vaultd again, which saves what is good of it"},
    Detail{
        Errc::own_damaged, Errc::storage,
        "the disk has changed what this device wrote and no server has: run vaultctl unlock, which keeps all that can "
        "still be read"},
    Detail{Errc::store_newer, Errc::storage, "the database was written by a newer version of this program"},
    Detail{Errc::store_older, Errc::storage,
           "the database was made by an older, unreleased version of this program, and only that one reads it: export "
           "there what you need, and begin here with an empty folder"},
    Detail{Errc::format_older, Errc::downgrade,
           "the vault was made by an older, unreleased version of this program, and only that one reads it: export "
           "there what you need, and create a new vault"},
    Detail{Errc::store_stopped, Errc::storage,
           "the disk failed at a moment after which nobody knows what it holds: restart the program that uses it"},
    Detail{Errc::counter_exhausted, Errc::keystate,
           "this device has used up its counter: unlock gives it a new identity"},
    Detail{Errc::too_many_devices,
           Errc::limit,
           "the vault has as many devices as it can hold: #, revoked ones included",
           {limits::devices}},
    Detail{Errc::version_unknown, Errc::not_found, "the item has no such version"},
    Detail{Errc::version_is_remove, Errc::not_found, "this version removed the item: it has no value"},
    Detail{Errc::merge_clash, Errc::conflict,
           "the heads differ in the same place, so a person must choose: see vaultctl conflicts --diff"},
    Detail{Errc::resolve_form_bad, Errc::usage, "give either version or merge"},
    Detail{Errc::item_not_found, Errc::not_found, "there is no such item"},
    Detail{Errc::frame_too_large,
           Errc::limit,
           "the request is too large: a frame holds up to # bytes",
           {limits::frame_bytes}},
    Detail{Errc::too_many_connections, Errc::busy, "too many connections: # at a time", {limits::connections}},
    Detail{Errc::too_many_requests, Errc::limit, "too many requests in one batch: # at most", {limits::batch_requests}},
    Detail{Errc::join_incomplete, Errc::conflict,
           "an earlier join or create is unfinished for another account or server"},
    Detail{
        Errc::code_unknown, Errc::gap,
        "no verified checkpoint has this code: compare it digit by digit; if it is right, the server withholds some of "
        "the history from this device"},
    Detail{Errc::code_unknown_here, Errc::gap,
           "no verified checkpoint has this code, and the server could not be asked for more: sync, and compare again"},
    Detail{Errc::code_form, Errc::usage,
           "that is no recovery code: it has nine groups of four characters out of 0-9 and A-Z without U; or it is the "
           "line of the sheet's QR code, whole"},
    Detail{Errc::code_mistyped, Errc::auth,
           "the recovery code is typed wrong somewhere: its last group does not fit the others"},
    Detail{Errc::code_refused, Errc::auth,
           "the recovery code was refused: a newer sheet has taken its place, or the account or server is another one"},
    Detail{Errc::code_unsure, Errc::offline,
           "the server's answer was lost: the recovery code before may have ended, and nobody has seen the new one. "
           "Run vaultctl recovery create again"},
    Detail{Errc::code_none, Errc::offline,
           "the server could not be asked, and it has acknowledged no state code of this device: try again on-line"},
    Detail{Errc::recovery_place, Errc::usage,
           "there is no vault on this device: give --server and --account, as they stand on the sheet"},
    Detail{Errc::recovery_other, Errc::usage,
           "this device has another vault than the sheet names: recover with another profile"},
    Detail{Errc::recovery_half, Errc::conflict,
           "an earlier recovery here was cut after it may have reached the server, and it set another new password: "
           "give that one"},
    Detail{Errc::recovery_sheet, Errc::offline,
           "the new password is set, and the old sheet has ended, but no new sheet was made: run vaultctl recovery "
           "create"},
    Detail{Errc::repair_password, Errc::locked, "this repair needs the vault's password"},
    Detail{Errc::repair_unknown_key, Errc::auth,
           "the server knows neither this device nor this password: run vaultctl repair on a device that it knows"},
    Detail{Errc::account_taken, Errc::conflict, "the account on the server holds another vault: nothing was sent"},
    Detail{Errc::branches_apart, Errc::fork,
           "the server has another history, which cannot be joined with this device's: nothing was sent"},
    Detail{Errc::value_form_bad, Errc::usage, "give either value or value_base64"},
    Detail{Errc::base64_bad, Errc::usage, "value_base64 is not valid base64"},
    Detail{Errc::item_exists, Errc::conflict, "there is an item of this name already"},
    Detail{Errc::attributes_form_bad, Errc::usage, "give either attributes or attributes_patch"},
    Detail{Errc::runtime_folder_missing, Errc::usage,
           "there is no runtime folder: set XDG_RUNTIME_DIR, or give the socket with --socket or VAULTD_SOCKET"},
    Detail{Errc::runtime_folder_unsafe, Errc::storage,
           "the socket's folder is not a folder of this user, or others can write to it"},
    Detail{Errc::socket_path_bad, Errc::usage, "the path of the socket is empty or too long: 107 bytes at most"},
    Detail{Errc::socket_path_taken, Errc::storage,
           "the path of the socket holds something that is not a socket of this user"},
    Detail{Errc::daemon_running, Errc::storage, "another vaultd answers on this socket"},
    Detail{Errc::profile_bad,
           Errc::usage,
           "the profile name is not valid: 1 to # characters out of a-z A-Z 0-9 . _ -, not beginning with a dot",
           {limits::profile_bytes}},
    Detail{Errc::peer_foreign, Errc::denied, "the other end of the socket belongs to another user"},
    Detail{Errc::answer_too_large, Errc::limit, "the answer is too large: ask for less at a time"},
    Detail{Errc::password_needed, Errc::usage,
           "a password is needed and there is no terminal to ask at: give --password-fd N or --password-file F"},
    Detail{Errc::password_mismatch, Errc::usage, "the two passwords are not the same"},
    Detail{Errc::export_folder_taken, Errc::usage, "the folder for the export is not empty"},
    Detail{Errc::export_path_bad, Errc::tamper,
           "the daemon named a file of the export that would not lie in its folder"},
    Detail{
        Errc::blob_too_large, Errc::limit, "the value is too large: an item holds up to # bytes", {limits::blob_bytes}},
    Detail{Errc::value_damaged, Errc::tamper,
           "the server's bytes of this value are not those that were written: none of them are shown"},
    Detail{Errc::blob_missing, Errc::gap, "the server does not have all of this large value"},
    Detail{Errc::range_bad, Errc::usage, "the range is not within the value"},
    Detail{Errc::fd_missing, Errc::usage, "the request needs an open file, and none came with it"},
    Detail{Errc::fd_unexpected, Errc::usage, "an open file came with a request that takes none"},
    Detail{Errc::fd_bad, Errc::usage,
           "the open file cannot be used: a regular file or a pipe is needed, open in the right direction"},
    Detail{Errc::input_length_wrong, Errc::usage, "the input ended before, or went on after, the length announced"},
    Detail{Errc::export_incomplete, Errc::gap,
           "the export lacks parts of large values, which are named above: run it again when the server has them"},
    Detail{Errc::quota, Errc::limit, "the account's quota on the server is used up"},
    Detail{Errc::password_same, Errc::usage, "the new password is the present one: choose another"},
    Detail{Errc::password_changed, Errc::auth, "the password was changed since: give the new one"},
    Detail{Errc::change_unconfirmed, Errc::offline,
           "the server has not confirmed the change: it is kept and sent again by itself, and until it is confirmed "
           "this device opens with either password: see vaultctl status"},
    Detail{Errc::change_superseded, Errc::conflict,
           "the server's state moved on before it had the change: it was not made, do it again"},
    Detail{Errc::device_unknown, Errc::not_found, "there is no such device: see vaultctl device ls"},
    Detail{Errc::device_ambiguous, Errc::usage,
           "more than one device is called so: give its id, or the first four digits or more of it"},
    Detail{Errc::device_is_self, Errc::usage, "a device cannot revoke itself: do it on another one"},
    Detail{Errc::device_revoked_already, Errc::conflict, "the device has been revoked already"},
    Detail{Errc::device_refused, Errc::auth,
           "the server refuses this device: it was revoked, or the server does not know it; what is here stays "
           "readable, and to sync again join anew with the vault's present password"},
    Detail{Errc::refusal_pending, Errc::locked,
           "the server refuses this device's key: run vaultctl unlock, which finds out why"},
    Detail{
        Errc::keyring_devices, Errc::tamper,
        "a keyring version may take no device away, change no device's keys, give no revoked one its place back, and "
        "leave no active one without a new vault key"},
    Detail{Errc::commit_unsigned, Errc::denied,
           "the server refuses commits: their device has not signed the last of them"},
};

const ErrorClass& row(Errc klass) {
  for (const auto& c : classes)
    if (c.code == klass) return c;
  return classes.back();
}

const Detail* detail(int value) {
  for (const auto& d : details)
    if (static_cast<int>(d.code) == value) return &d;
  return nullptr;
}

constexpr int mistyped_base = 900'000;  // mistyped_error() uses this number and the nine after it

bool is_mistyped(int value) { return value >= mistyped_base && value < mistyped_base + 10; }

std::string mistyped_sentence(int group) {
  return "the recovery code is typed wrong: look at group " + std::to_string(group);
}

std::string sentence_of(const Detail& detail) {
  std::string out;
  auto number = detail.numbers.begin();
  for (const char c : detail.sentence) {
    if (c == '#') out += std::to_string(*number++);
    else out += c;
  }
  return out;
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "vault"; }
  std::string message(int value) const override {
    if (is_mistyped(value)) return mistyped_sentence(value - mistyped_base);
    if (const auto* d = detail(value)) return sentence_of(*d);
    return std::string{row(static_cast<Errc>(value)).sentence};
  }
};

bool is_network_error(const boost::system::error_code& error) {
  if (error.category() == boost::asio::error::get_addrinfo_category() ||
      error.category() == boost::asio::error::get_netdb_category() ||
      error.category() == boost::asio::error::get_misc_category())
    return true;
  using namespace boost::system::errc;
  for (auto code : {connection_refused, connection_reset, connection_aborted, host_unreachable, network_unreachable,
                    network_down, timed_out, broken_pipe, not_connected, address_not_available})
    if (error == make_error_condition(code)) return true;
  return false;
}

}  // namespace

const boost::system::error_category& errc_category() noexcept {
  static const Category category;
  return category;
}

std::span<const ErrorClass> error_classes() { return classes; }

boost::system::error_code mistyped_error(std::size_t group) {
  return {mistyped_base + static_cast<int>(group), errc_category()};
}

const ErrorClass& error_class(const boost::system::error_code& error) {
  if (error.category() == errc_category()) {
    if (is_mistyped(error.value())) return row(Errc::auth);
    if (const auto* d = detail(error.value())) return row(d->klass);
    return row(static_cast<Errc>(error.value()));
  }
  if (error == boost::asio::error::operation_aborted) return row(Errc::cancelled);
  if (is_network_error(error)) return row(Errc::offline);
  if (error.category() == boost::system::generic_category() || error.category() == boost::system::system_category())
    return row(Errc::storage);
  return row(Errc::internal);
}

const ErrorClass* error_class_named(std::string_view kind) {
  for (const auto& c : classes)
    if (c.kind == kind) return &c;
  return nullptr;
}

}  // namespace vault
