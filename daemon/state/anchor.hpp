// SPDX-License-Identifier: Apache-2.0
// Keeps the anchor: a file beside the database that says what the device last knew of itself, under a MAC that needs
// the vault key. It tells an older database from the present one. store/SCHEMA.md, "The anchor" and "Own state".
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/head.hpp"
#include "daemon/keyring/keychain.hpp"
#include "daemon/state/profile.hpp"
#include "store/anchor_file.hpp"
#include "store/store.hpp"

namespace vault::daemon {

struct OwnState {
  DeviceId device;
  Head head;
  std::uint64_t counter = 0;  // the next counter value
  Hash fingerprint;
};

// Writes the anchor file. All calls run on the writer's thread. A noted state is on the disk after the next flush().
class Anchor {
 public:
  explicit Anchor(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Notes the state and flushes it. Only settle() makes the file where there is none. Errors: storage.
  [[nodiscard]] Result<void> settle(const Keychain& keychain, const OwnState& state);

  // Replaces the state that was noted before. Requires: settle() has succeeded once.
  void note(const Keychain& keychain, const OwnState& state);

  // Writes the noted state, if it is not written yet. Errors: storage; the state then stays noted.
  [[nodiscard]] Result<void> flush();

 private:
  [[nodiscard]] Result<void> open();

  std::filesystem::path folder_;
  std::optional<store::AnchorFile> file_;
  std::uint64_t last_ = 0;  // the serial of the newest slot in the file
  Bytes noted_;             // to be written with serial last_ + 1; empty if there is nothing to write
};

// Returns the newest state in the folder's anchor; nullopt if there is no anchor, or none made with these keys.
std::optional<OwnState> read_anchor(const std::filesystem::path& folder, const Keychain& keychain);

// Returns the own state that the database holds.
OwnState own_state(const store::ReadTxn& tx, const DeviceId& self, const Hash& fingerprint);

// True if a commit of the largest size would need more counter values than are left.
bool is_spent(std::uint64_t counter);

// Returns why the database may be older than the anchor, or a copy; none for what a crash leaves at most.
IdentityReason judge_own_state(const store::ReadTxn& tx, const std::optional<OwnState>& anchor, const OwnState& now);

}  // namespace vault::daemon
