// SPDX-License-Identifier: Apache-2.0
// Makes the manifest of a sealed export, signed by the key of this device that a locked one has too.
#pragma once

#include <optional>

#include "ipc/api/vault.hpp"
#include "store/txn.hpp"

namespace vault::daemon {

struct Manifest {
  Bytes file;
  ipc::ExportManifest said;  // the same, for a person
};

// Returns the manifest of an export of `commits` commits at `now_ms`; nullopt if the database has no profile, or no
// keyring.
std::optional<Manifest> make_manifest(const store::ReadTxn& tx, std::uint64_t commits, std::uint64_t now_ms);

}  // namespace vault::daemon
