// SPDX-License-Identifier: Apache-2.0
// The URL a person typed. Whatever is accepted has one canonical text, which is accepted and is its own.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "wire/origin.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto origin = vault::wire::Origin::parse(vault::text_of({data, size}));
  if (!origin) return 0;
  const auto again = vault::wire::Origin::parse(origin->text());
  VAULT_ASSERT(again.has_value() && again->text() == origin->text());
  VAULT_ASSERT(again->host() == origin->host() && again->port() == origin->port() && again->tls() == origin->tls());
  return 0;
}
