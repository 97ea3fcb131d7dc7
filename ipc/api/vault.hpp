// SPDX-License-Identifier: Apache-2.0
// Defines the methods that make, open and close a vault, change its password and export it sealed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "ipc/api/device.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

struct CreateParams {
  std::string server, account;
  Secret password;
  std::optional<std::string> device_name, invite, ca_file;
};
BOOST_DESCRIBE_STRUCT(CreateParams, (), (server, account, password, device_name, invite, ca_file))

struct JoinParams {
  std::string server, account;
  Secret password;
  std::optional<std::string> device_name, invite, ca_file;
  std::optional<std::string> expect;  // a state code
};
BOOST_DESCRIBE_STRUCT(JoinParams, (), (server, account, password, device_name, invite, ca_file, expect))

struct EnrolResult {
  DeviceName device;
};
BOOST_DESCRIBE_STRUCT(EnrolResult, (), (device))

struct UnlockParams {
  Secret password;
};
BOOST_DESCRIBE_STRUCT(UnlockParams, (), (password))

struct ChangePasswordParams {
  Secret old, new_;
};
BOOST_DESCRIBE_STRUCT(ChangePasswordParams, (), (old, new_))

struct ExportParams {
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportParams, (), (cursor))

// Holds a piece of one file of the sealed export. Large files come in several pieces, in order. A piece that continues
// a file gives the offset where it starts.
struct ExportObject {
  std::string path;  // "chains/<device>/<seq>.bin": relative, slashes, no "." or ".."
  std::optional<std::uint64_t> offset;
  std::string base64;
};
BOOST_DESCRIBE_STRUCT(ExportObject, (), (path, offset, base64))

struct ExportHead {
  std::string device;
  std::uint64_t seq = 0;  // of the chain's last commit
};
BOOST_DESCRIBE_STRUCT(ExportHead, (), (device, seq))

// Says how much the whole export has.
struct ExportManifest {
  std::uint64_t commits = 0;
  std::vector<ExportHead> heads;
  std::optional<std::string> state_code;  // the newest of this device that the server has acknowledged
};
BOOST_DESCRIBE_STRUCT(ExportManifest, (), (commits, heads, state_code))

struct ExportResult {
  std::vector<ExportObject> objects;
  std::optional<std::string> cursor;       // pass it to get the next page; absent on the last
  std::optional<ExportManifest> manifest;  // on the first page
};
BOOST_DESCRIBE_STRUCT(ExportResult, (), (objects, cursor, manifest))

namespace methods {

inline constexpr Method<CreateParams, EnrolResult> vault_create{
    "vault.create", "Make an account and a vault on a server; this is its first device.", Use::yes};
inline constexpr Method<JoinParams, EnrolResult> vault_join{
    "vault.join", "Make this a device of an existing vault, and pull all of it.", Use::yes};
inline constexpr Method<UnlockParams, Nothing> vault_unlock{"vault.unlock", "Open the vault with its password.",
                                                            Use::yes};
inline constexpr Method<ChangePasswordParams, Nothing> vault_change_password{
    "vault.change_password", "Give the vault another password; the other devices follow by themselves.", Use::yes};
inline constexpr Method<Nothing, Nothing> vault_lock{"vault.lock", "Forget every key.", Use::no, Takes::nothing,
                                                     footprint::lock};
inline constexpr Method<ExportParams, ExportResult> vault_export{
    "vault.export", "One page of everything as stored, sealed.", Use::no, Takes::nothing, footprint::sealed};

}  // namespace methods
}  // namespace vault::ipc
