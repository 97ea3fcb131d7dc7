// SPDX-License-Identifier: Apache-2.0
// What a person typed or pasted off a recovery sheet. Whatever is read as a line is written as one that is read alike.
#include <cstdint>

#include "base/assert.hpp"
#include "crypto/sheet.hpp"

using namespace vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sheet = crypto::read_sheet(Secret::copy_of(BytesView{data, size}));
  if (!sheet || sheet->place.server.empty()) return 0;
  const auto line = crypto::sheet_line(sheet->code, sheet->place);
  const auto again = crypto::read_sheet(line);
  VAULT_ASSERT(again.has_value() && crypto::sheet_line(again->code, again->place).text() == line.text());
  VAULT_ASSERT(again->place.account == sheet->place.account && again->place.server == sheet->place.server);
  return 0;
}
