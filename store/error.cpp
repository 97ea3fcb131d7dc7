// SPDX-License-Identifier: Apache-2.0
#include "store/error.hpp"

#include <lmdb.h>

#include <cerrno>

#include "base/assert.hpp"
#include "store/errc.hpp"

namespace vault::store {

// Maps BAD_DBI, BAD_TXN and BAD_VALSIZE to store_damaged, since a bad page causes them and not the caller: a table that
// the root no longer names, a page that LMDB refused while it answered "no such key", an empty key. What a caller can
// get wrong, the handle and the length of the key, ReadTxn asserts; and a Failure ends the transaction.
boost::system::error_code lmdb_error(int code) {
  switch (code) {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
      return StoreErrc::disk_full;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_BAD_DBI:
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
      return StoreErrc::store_damaged;
    case MDB_PANIC:
      return StoreErrc::store_stopped;
    default:
      break;
  }
  if (code < 0) return Errc::storage;
  return {code, boost::system::system_category()};
}

void check(int code) {
  VAULT_ASSERT(code != MDB_DBS_FULL);
  if (code != MDB_SUCCESS) throw Failure{lmdb_error(code)};
}

boost::system::error_code errno_error() { return lmdb_error(errno); }

}  // namespace vault::store
