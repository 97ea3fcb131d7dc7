// SPDX-License-Identifier: Apache-2.0
// A recovery sheet as a person prints or copies it.
#pragma once

#include <cstddef>

#include "ipc/api.hpp"

namespace vault::ctl {

struct Paper {
  std::size_t columns = 0;  // of the terminal; 0: no terminal, so plain text
  bool colours = false;
};

// On a terminal framed, with the QR code of its line below; a terminal that is too narrow for either gets a word about
// it. Everything is in memory that wipes itself.
Secret sheet_text(const ipc::RecoverySheet& sheet, const Paper& paper);

// What standard output is. `text`: the person wants no more than text.
Paper paper_of_stdout(bool text);

}  // namespace vault::ctl
