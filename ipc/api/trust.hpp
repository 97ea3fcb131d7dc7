// SPDX-License-Identifier: Apache-2.0
// Defines the methods that compare devices by state codes and repair a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

struct VerifyParams {
  std::optional<std::string> code;  // a state code of another device; spaces are ignored
};
BOOST_DESCRIBE_STRUCT(VerifyParams, (), (code))

struct VerifyResult {
  std::string code;   // four groups of five digits
  DeviceName device;  // the device that made the code
  // False for a code of this device's newest acknowledged state, if the server could not be asked. Only for a code made
  // here.
  std::optional<bool> sent;
  std::optional<std::string> acknowledged;  // when that state was acknowledged
};
BOOST_DESCRIBE_STRUCT(VerifyResult, (), (code, device, sent, acknowledged))

struct RepairParams {
  // Needed if a keyring must be signed, or a fork forgiven.
  std::optional<Secret> password;
  // Needed for a server that has lost this account and makes accounts by invitation.
  std::optional<std::string> invite;
  std::optional<bool> dry_run;  // report what would be sent, and send nothing
};
BOOST_DESCRIBE_STRUCT(RepairParams, (), (password, invite, dry_run))

// Says what the server lacks of what this device has verified. Unless it was a dry run, it was sent.
struct RepairResult {
  bool account = false;                     // the account is gone, so everything is missing
  bool device = false;                      // the server did not know this device, so everything is sent
  std::uint64_t keyrings = 0, commits = 0;  // keyring versions, and commits
  std::uint64_t chains = 0;                 // number of devices with missing commits
  std::uint64_t siblings = 0;               // keyring versions of ours that a new one names beside the server's
  bool password = false;                    // the password is needed
};
BOOST_DESCRIBE_STRUCT(RepairResult, (), (account, device, keyrings, commits, chains, siblings, password))

namespace methods {

inline constexpr Method<VerifyParams, VerifyResult> trust_verify{
    "trust.verify", "Make a state code; or, given one, say whether what is here contains all that its maker had.",
    Use::yes};
inline constexpr Method<RepairParams, RepairResult> trust_repair{
    "trust.repair", "Send a server what it has lost, byte for byte, and trust it again.", Use::yes};

}  // namespace methods
}  // namespace vault::ipc
