// SPDX-License-Identifier: Apache-2.0
// The witness of the own chain beside the database: what the device last knew of itself, under a MAC that needs the
// vault key. It tells an older database from the present one. store/SCHEMA.md, "The anchor" and "Own state".
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
  std::uint64_t counter = 0;  // the next one
  Hash fingerprint;
};

// The file, for the thread that writes: everything here runs there. What is noted is on the disk after the next flush.
class Anchor {
 public:
  explicit Anchor(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Notes, and flushes; makes the file if there is none, which nothing else here does. Errors: storage.
  [[nodiscard]] Result<void> settle(const Keychain& keychain, const OwnState& state);

  // Takes the place of what was noted before. Requires: settled once.
  void note(const Keychain& keychain, const OwnState& state);

  // Nothing to do when nothing was noted since. Errors: storage; then it is still noted.
  [[nodiscard]] Result<void> flush();

 private:
  [[nodiscard]] Result<void> open();

  std::filesystem::path folder_;
  std::optional<store::AnchorFile> file_;
  std::uint64_t last_ = 0;  // serial in the file
  Bytes noted_;             // for the serial after it; empty: nothing
};

// What the anchor in the folder says; nullopt when there is none, or none that these keys have made.
std::optional<OwnState> read_anchor(const std::filesystem::path& folder, const Keychain& keychain);

// The own state as the database has it.
OwnState own_state(const store::ReadTxn& tx, const DeviceId& self, const Hash& fingerprint);

// Whether the largest commit would need more counters than are left.
bool is_spent(std::uint64_t counter);

// Whether the database may be older than the anchor, or both be copies: none if it is what a crash leaves at the most.
IdentityReason judge_own_state(const store::ReadTxn& tx, const std::optional<OwnState>& anchor, const OwnState& now);

}  // namespace vault::daemon
