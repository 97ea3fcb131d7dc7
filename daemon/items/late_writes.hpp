// SPDX-License-Identifier: Apache-2.0
// Writes again what a former identity of this device wrote beyond its cut: a copy of this device wrote it, or this
// device did before its state was put back, and a server withheld it until now. Nobody counts those commits; this
// device, their author, writes their records anew. store/SCHEMA.md, "Own state".
#pragma once

#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// Returns the contents of the stored data commits of `former` beyond its cut, if all of them are well formed and signed
// by it. Runs on the worker. Errors: those of ChainReader; store_damaged.
Result<std::vector<Secret>> read_beyond_cut(const store::Store& store, const Keychain& keychain, const DeviceId& former,
                                            ChainState at_cut);

// Writes those of their records that the vault lacks as its next commits, with their version ids. Returns how many.
asio::awaitable<Result<std::uint64_t>> write_beyond_cut(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                        DeviceId former, std::vector<Secret> contents);

}  // namespace vault::daemon
