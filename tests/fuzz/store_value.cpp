// SPDX-License-Identifier: Apache-2.0
// What may lie in the database, decoded: keys and values of vault_tables.hpp, chosen by the first byte. What
// decodes encodes to the same bytes.
#include <cstdlib>

#include "store/errc.hpp"
#include "store/vault_tables.hpp"

using namespace vault;

namespace {

template <class T>
void round_trip(BytesView in) {
  const auto value = store::decode<T>(in);
  if (value && store::encode(*value) != Bytes(in.begin(), in.end())) std::abort();
  if (!value && value.error() != StoreErrc::store_damaged) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView in{data + 1, size - 1};
  switch (data[0] % 6) {
    case 0:
      round_trip<std::uint32_t>(in);
      break;
    case 1:
      round_trip<store::Place>(in);
      break;
    case 2:
      round_trip<Head>(in);
      break;
    case 3:
      round_trip<Sealed>(in);
      break;
    case 4:
      round_trip<std::string>(in);
      break;
    default:
      round_trip<Bytes>(in);
      break;
  }
  return 0;
}
