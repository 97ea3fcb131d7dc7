// SPDX-License-Identifier: Apache-2.0
// The last commit of a chain: what everybody who speaks of a chain names. Big-endian u64 seq and 32 bytes of hash
// wherever it is stored or sent.
#pragma once

#include <tuple>

#include "base/bytes.hpp"

namespace vault {

struct Head {
  std::uint64_t seq = 0;  // 0: the chain is empty
  Hash hash;
  static constexpr auto fields = std::make_tuple(&Head::seq, &Head::hash);  // as store/codec.hpp wants it
  auto operator<=>(const Head&) const = default;
};

}  // namespace vault
