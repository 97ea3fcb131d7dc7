// SPDX-License-Identifier: Apache-2.0
// Reads the link and the signatures that follow the segments of a keyring version. Needs no key, so a server can do it
// too. crypto/FORMAT.md §7.
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
  std::size_t signed_size = 0;               // bytes before the count of signatures, link included
  std::size_t size = 0;                      // bytes of the trailer
};

// Returns the size of a trailer with `signatures` signatures.
constexpr std::size_t keyring_trailer_size(std::size_t signatures) { return 32 + 1 + signatures * (1 + 64); }

// Reads the trailer of a whole keyring version. `hdr0_size` is the size of its public part. Errors: tamper.
[[nodiscard]] Result<KeyringTrailer> keyring_trailer(BytesView keyring, std::size_t hdr0_size);

}  // namespace vault::crypto
