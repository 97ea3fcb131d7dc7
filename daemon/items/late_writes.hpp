// SPDX-License-Identifier: Apache-2.0
// What a former identity of this device has written beyond its cut: a copy of this device wrote it, or this device did
// before its state was put back, and a server withheld it until now. It counts for nobody; this device, which was its
// author, writes it again. store/SCHEMA.md, "Own state".
#pragma once

#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// The contents of the data commits stored of `former` beyond its cut, if all of those are well formed, and signed by
// it. On the worker. Errors: those of ChainReader; store_damaged.
Result<std::vector<Secret>> read_beyond_cut(const store::Store& store, const Keychain& keychain, const DeviceId& former,
                                            ChainState at_cut);

// Those of their records that the vault does not have become its next commits, with their version ids; how many.
asio::awaitable<Result<std::uint64_t>> write_beyond_cut(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                        DeviceId former, std::vector<Secret> contents);

}  // namespace vault::daemon
