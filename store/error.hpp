// SPDX-License-Identifier: Apache-2.0
// What the database says when it says no.
//
// Inside a transaction a failure is thrown, so that a body reads as if there were none; Store::read and
// Store::write catch it, roll back, and hand it on as a Result. Nobody else catches it. Every failure is of
// the class Errc::storage: disk_full when there is no room, store_damaged when the file cannot be right,
// store_stopped when the page that names the newest transaction could not be written: what is on the disk is then
// known only to a process that opens it anew, and LMDB lets nothing more be read or written in this one;
// the system's own code for the rest.
#pragma once

#include <boost/system/system_error.hpp>

#include "base/errc.hpp"

namespace vault::store {

class Failure : public boost::system::system_error {
 public:
  using system_error::system_error;
};

// What a return code of liblmdb means: an errno, or one of its own negative numbers.
[[nodiscard]] boost::system::error_code lmdb_error(int code);

// Throws Failure unless the code is 0.
void check(int code);

// The code in errno, with ENOSPC and EDQUOT as Errc::disk_full.
[[nodiscard]] boost::system::error_code errno_error();

}  // namespace vault::store
