// SPDX-License-Identifier: Apache-2.0
// Judges what a device was shown: by the word of other devices about it, and by state codes, which people compare.
// crypto/FORMAT.md §8; wire/PROTOCOL.md §6.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Bounds the time since the server last gave a good answer, and since another device was last heard of, if there are
// others: after that the device is unconfirmed. A server that shows nothing new cannot be told from a household that is
// away, and thirty days are longer than most are; a household in use is heard of within ten minutes of each write.
inline constexpr std::uint64_t silence_ms = 30ull * 24 * 60 * 60 * 1000;

// True if only the server says that what this device sees is all there is.
bool is_unconfirmed(const LocalVault& device, std::uint64_t now_ms);

// Notes what was verified just now, at `now_ms`: which active devices were heard of, and which of them know this one,
// because a commit of theirs names its chain or a keyring that has it. `before` and `after` are all chains.
void hear(Standing& standing, const Keychain& keychain, const DeviceId& self, const Ledger& before, const Ledger& after,
          std::uint64_t now_ms);

// Writes a checkpoint commit, which names the heads of all chains. Returns its place in the own chain; durable on
// return. Errors: those of Writer::append.
asio::awaitable<Result<Head>> write_checkpoint(std::shared_ptr<Unlocked> vault, Writer& writer);

// Writes an ack, which names the heads that have changed.
asio::awaitable<Result<Head>> write_ack(std::shared_ptr<Unlocked> vault, Writer& writer);

// True if two codes, as people write them, are the same: spaces do not count.
bool is_same_code(std::string_view a, std::string_view b);

// Returns the active device that made a checkpoint with this code, in what is verified up to these heads; nullopt if
// there is none. Reads every commit's header: requires a thread that may wait.
Result<std::optional<DeviceId>> find_code(const store::Store& store, const Keychain& keychain,
                                          const std::map<DeviceId, Head>& verified, const std::string& code);

// Checks that what is verified up to these heads has the state code of a recovery sheet: a checkpoint of any device,
// also a revoked one, under a version of this very history. So it holds even if only the sheet proves the keyring,
// which anybody who knows the public halves of its keys can imitate: a history with a version of ours continues only by
// our password or our sheet. Errors: code_unknown. Reads every commit's header: requires a thread that may wait.
Result<void> find_sheet_code(const store::Store& store, const Keychain& keychain,
                             const std::map<DeviceId, Head>& verified, const std::string& code);

// Return the newest state code of this device that the server has acknowledged, and when, in ms; nullopt or 0 if none.
std::optional<std::string> own_code(const store::ReadTxn& tx, const Profile& profile);
std::uint64_t own_code_time(const store::ReadTxn& tx);

// Returns a state code of any device in what is verified up to these heads. Errors: code_none. Reads every commit's
// header: requires a thread that may wait.
Result<std::string> find_any_code(const store::Store& store, const VaultId& vault,
                                  const std::map<DeviceId, Head>& verified);

}  // namespace vault::daemon
