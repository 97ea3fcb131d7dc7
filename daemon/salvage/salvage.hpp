// SPDX-License-Identifier: Apache-2.0
// What is good of a damaged database file, in a new one. store/SCHEMA.md, "A damaged database".
//
// Rows are looked for in every page, those of older transactions too, since what is wanted can be told from what is
// not: commits and keyring versions by their hashes and signatures, the rest by its form. A chain is kept up to the
// first commit that is gone. Nothing is taken from an anchor but how far the own chain may have come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace vault::daemon {

struct SalvageJob {
  std::filesystem::path state;  // the folder of the damaged file
  std::filesystem::path fresh;  // a folder that is not there, for the new one
  std::string kept_as;          // the name that the damaged file will have
  std::uint64_t time = 0;       // ms
  bool suspect = false;         // no chain of another device is to be believed: the server has them
};

// Errors: store_damaged when too little is left: no profile, or no keyring; storage.
Result<void> salvage(BytesView file, const SalvageJob& job);

}  // namespace vault::daemon
