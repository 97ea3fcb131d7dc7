// SPDX-License-Identifier: Apache-2.0
#include "store/errc.hpp"

#include <array>

#include "base/error_table.hpp"

namespace vault {
namespace {

constexpr std::array store_details{
    ErrorDetail{StoreErrc::state_in_use, Errc::storage, "another process uses this state folder"},
    ErrorDetail{StoreErrc::state_remote, Errc::storage,
                "the state folder is on a network filesystem, where a lock cannot be trusted"},
    ErrorDetail{StoreErrc::state_unsafe, Errc::storage, "the folder is not owned by this user or is open to others"},
    ErrorDetail{StoreErrc::disk_full, Errc::storage, "the disk is full"},
    ErrorDetail{StoreErrc::store_damaged, Errc::storage,
                "the database is damaged: start vaultd again, which saves what is good of it"},
    ErrorDetail{StoreErrc::store_newer, Errc::storage, "the database was written by a newer version of this program"},
    ErrorDetail{
        StoreErrc::store_older, Errc::storage,
        "the database was made by an older, unreleased version of this program, and only that one reads it: export "
        "there what you need, and begin here with an empty folder"},
    ErrorDetail{StoreErrc::store_stopped, Errc::storage,
                "the disk failed at a moment after which nobody knows what it holds: restart the program that uses it"},
};

}  // namespace

const boost::system::error_category& store_errors() noexcept {
  static const ErrorTable table{"vault.store", store_details};
  return table;
}

}  // namespace vault
