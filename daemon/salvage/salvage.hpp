// SPDX-License-Identifier: Apache-2.0
// Saves what is good of a damaged database file in a new one. store/SCHEMA.md, "A damaged database".
//
// Rows are looked for in every page, also those of older transactions, since good rows can be recognised: commits and
// keyring versions by their hashes and signatures, the rest by its form. A chain is kept up to the first missing
// commit. Of an anchor only the reach of the own chain is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace vault::daemon {

struct SalvageJob {
  std::filesystem::path state;  // the folder of the damaged file
  std::filesystem::path fresh;  // the folder of the new one; must not exist
  std::string kept_as;          // the name that the damaged file will have
  std::uint64_t time = 0;       // ms since 1970
  bool suspect = false;         // believe no chain of another device: the server has them
};

// Errors: store_damaged if too little is left (no profile, or no keyring); storage.
Result<void> salvage(BytesView file, const SalvageJob& job);

}  // namespace vault::daemon
