// SPDX-License-Identifier: Apache-2.0
// What follows the segments of a keyring version: its link and its signatures. Needs no key, so a server can read
// it too. crypto/FORMAT.md §7.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace vault::crypto {

enum class KeyringRole : std::uint8_t { own = 1, previous = 2, recovery = 3 };

struct KeyringSignature {
  KeyringRole role;
  Signature signature;
};

struct KeyringTrailer {
  Hash link;
  std::vector<KeyringSignature> signatures;  // one or two; role own is the first
  std::size_t signed_size = 0;               // of all before the count of signatures, link included
  std::size_t size = 0;                      // of the trailer
};

// The size of a trailer with this many signatures.
constexpr std::size_t keyring_trailer_size(std::size_t signatures) { return 32 + 1 + signatures * (1 + 64); }

// Reads the trailer of a whole keyring version, `hdr0_size` being that of its public part. Errors: tamper.
[[nodiscard]] Result<KeyringTrailer> keyring_trailer(BytesView keyring, std::size_t hdr0_size);

}  // namespace vault::crypto
