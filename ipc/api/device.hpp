// SPDX-License-Identifier: Apache-2.0
// Defines the methods of the vault's devices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "ipc/api/sheet.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

enum class DeviceStatus { active, revoked };
BOOST_DESCRIBE_ENUM(DeviceStatus, active, revoked)

struct DeviceName {
  std::string id, name;
};
BOOST_DESCRIBE_STRUCT(DeviceName, (), (id, name))

struct Device {
  std::string id;
  Nullable<std::string> name;  // null while locked, because it is sealed
  DeviceStatus status = DeviceStatus::active;
  Nullable<std::string> joined;
  Nullable<std::uint64_t> seq;
  Nullable<std::string> last_seen;  // time of its newest write that has arrived here
  // Names the time at which this device verified a commit that shows that the other one knows it.
  Nullable<std::string> last_confirmed;
  bool this_device = false;
};
BOOST_DESCRIBE_STRUCT(Device, (), (id, name, status, joined, seq, last_seen, last_confirmed, this_device))

struct DeviceListResult {
  std::vector<Device> devices;
};
BOOST_DESCRIBE_STRUCT(DeviceListResult, (), (devices))

// `device` is an id, at least four first digits of an id, or a name that only one device has.
struct RevokeParams {
  std::string device;
  Secret password, new_password;
};
BOOST_DESCRIBE_STRUCT(RevokeParams, (), (device, password, new_password))

// Says what a revoked device may know: everything up to its revocation, and what other devices write before they learn
// of it.
struct RevokeResult {
  DeviceName device;
  std::string joined;                     // since when it could read
  std::uint64_t items = 0, versions = 0;  // numbers of what it could read, with removed items
  std::uint64_t last_commit = 0;          // seq of its last commit that counts; 0 if none does
  // Replaces an earlier recovery sheet, which the revoked device may have known; absent if there was none.
  std::optional<RecoverySheet> sheet;
};
BOOST_DESCRIBE_STRUCT(RevokeResult, (), (device, joined, items, versions, last_commit, sheet))

struct RenameParams {
  std::string device, name;
  Secret password;
};
BOOST_DESCRIBE_STRUCT(RenameParams, (), (device, name, password))

namespace methods {

inline constexpr Method<Nothing, DeviceListResult> device_list{"device.list", "The devices of the vault.", Use::no,
                                                               Takes::nothing, footprint::text};
inline constexpr Method<RevokeParams, RevokeResult> device_revoke{
    "device.revoke", "End a device, and give the vault a password that it has never known.", Use::yes, Takes::nothing,
    footprint::sheet};
inline constexpr Method<RenameParams, DeviceName> device_rename{"device.rename", "Give a device another name.",
                                                                Use::yes};

}  // namespace methods
}  // namespace vault::ipc
