// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

namespace vault {

bool constant_time_equal(BytesView a, BytesView b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = difference | (a[i] ^ b[i]);
  return difference == 0;
}

ByteWriter& ByteWriter::raw(BytesView v) {
  out_.insert(out_.end(), v.begin(), v.end());
  return *this;
}

}  // namespace vault
