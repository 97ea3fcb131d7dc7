// SPDX-License-Identifier: Apache-2.0
// Head names the last commit of a chain by seq and hash. Wherever it is stored or sent, it is a big-endian u64 and 32
// bytes.
#pragma once

#include <tuple>

#include "base/bytes.hpp"

namespace vault {

struct Head {
  std::uint64_t seq = 0;  // 0: the chain is empty
  Hash hash;
  static constexpr auto fields = std::make_tuple(&Head::seq, &Head::hash);  // the list that store/codec.hpp encodes
  auto operator<=>(const Head&) const = default;
};

}  // namespace vault
