// SPDX-License-Identifier: Apache-2.0
// Defines the errors of the database.
//
// Inside a transaction a failure is thrown, so that a body reads as if there were none. Store::read and Store::write,
// and nobody else, catch it, roll back and return it. Every failure is of class Errc::storage: disk_full if there is no
// room; store_damaged if the file cannot be right; store_stopped if the page that names the newest transaction could
// not be written (LMDB then lets this process read and write no more, and only a new process can find out what is on
// the disk); the system's own code for everything else.
#pragma once

#include <boost/system/system_error.hpp>

#include "base/errc.hpp"
#include "store/errc.hpp"

namespace vault::store {

class Failure : public boost::system::system_error {
 public:
  using system_error::system_error;
};

// Returns our error for a return code of liblmdb: an errno, or one of its own negative numbers.
[[nodiscard]] boost::system::error_code lmdb_error(int code);

// Throws Failure unless the code is 0.
void check(int code);

// Returns the error in errno; ENOSPC and EDQUOT become StoreErrc::disk_full.
[[nodiscard]] boost::system::error_code errno_error();

}  // namespace vault::store
