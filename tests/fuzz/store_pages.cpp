// SPDX-License-Identifier: Apache-2.0
// Anything in the place of a database file: its pages are read without a look beyond the bytes, and what is called sound
// can be read again as the same rows.
#include <cstdlib>

#include "base/assert.hpp"
#include "store/pages.hpp"

using namespace vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024 * 1024) return 0;
  const BytesView file{data, size};
  store::Pages pages{file};
  std::size_t rows = 0, bytes = 0;
  pages.walk([&](std::string_view, BytesView key, BytesView value) {
    ++rows;
    for (const auto part : {key, value})
      for (const auto byte : part) bytes += byte;
  });
  pages.strewn([&](BytesView key, BytesView value) {
    for (const auto part : {key, value})
      for (const auto byte : part) bytes += byte;
  });
  store::Pages again{file};
  std::size_t same = 0;
  again.walk([&same](std::string_view, BytesView, BytesView) { ++same; });
  VAULT_ASSERT(same == rows && again.fault() == pages.fault());
  volatile std::size_t read = bytes;  // so that they are
  (void)read;
  return 0;
}
