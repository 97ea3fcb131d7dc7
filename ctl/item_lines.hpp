// SPDX-License-Identifier: Apache-2.0
// Reads the lines of put-many: item.put's params, or what `get --json` and the reader of exports show of an item.
#pragma once

#include <string>

#include "ctl/commands.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {

// Reads lines of up to limits::frame_bytes and counts them, also those that are empty.
class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // Returns the next line without its newline; nullopt at the end. The view lives until the next call, which wipes it.
  // Errors: frame_too_large; the system's.
  Result<std::optional<std::string_view>> next();
  std::size_t number() const { return number_; }  // of the line that next() returned or refused; the first is 1

 private:
  boost::system::error_code fill();  // sets ended_ at the end
  void forget_given();

  int descriptor_;
  ipc::Wire buffer_;
  std::size_t first_ = 0, searched_ = 0, number_ = 0;
  bool ended_ = false;
};

// Reads an item from a line. The members that only say how an item stands are left out: version, modified, heads, clock
// and wall. A failure says what is wrong with the line; `name` is set if the line has one.
ipc::Reply<ipc::PutParams> item_of(std::string_view line, std::string& name);

}  // namespace vault::ctl
