// SPDX-License-Identifier: Apache-2.0
// Hexadecimal and base64 as a peer or a person gives them: what is taken is what its encoder writes, and nothing else
// is.
#include "base/assert.hpp"
#include "base/hex.hpp"

using namespace vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView in{data, size};
  if (const auto bytes = unhex(text_of(in))) VAULT_ASSERT(hex(*bytes) == text_of(in));
  if (const auto bytes = unbase64(text_of(in))) VAULT_ASSERT(base64(*bytes) == text_of(in));
  VAULT_ASSERT(unhex(hex(in)) == Bytes(in.begin(), in.end()));
  VAULT_ASSERT(unbase64(base64(in)) == Bytes(in.begin(), in.end()));
  return 0;
}
