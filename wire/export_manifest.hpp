// SPDX-License-Identifier: Apache-2.0
// Lays out the manifest of a sealed export, which says how much the export has: crypto/FORMAT.md §11. Devices and
// servers write one; only the independent reader reads it.
#pragma once

#include <vector>

#include "base/head.hpp"
#include "wire/messages.hpp"

namespace vault::wire {

struct ExportManifest {
  VaultId vault;
  DeviceId device;         // who made the export and signs; zeros: a server, which cannot
  std::uint64_t time = 0;  // ms
  KeyringHead keyring;     // the newest version
  std::uint64_t commits = 0;
  std::vector<Heads::Chain> chains;  // ascending by device
  Head checkpoint;                   // whose state code is the device's newest that the server has; zeros: none
};

// Returns all before the count of signatures, which is what is signed.
Bytes encode(const ExportManifest& manifest);

// Return the whole file.
Bytes signed_manifest(Bytes encoded, const Signature& signature);
Bytes unsigned_manifest(Bytes encoded);

}  // namespace vault::wire
