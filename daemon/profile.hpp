// What a device knows about itself in the clear: enough to sync ciphertext while the vault is locked, and nothing
// that opens it. The small values of the table `meta`; store/SCHEMA.md lists them.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "store/txn.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

struct Profile {
  std::string account, origin, ca_file;
  VaultId vault;
  DeviceId device;
  Secret net;  // seed of NET_d: guards ciphertext only, so it is kept unsealed
};

// Names of numbers in `meta`.
namespace meta {
inline constexpr std::string_view counter = "counter";                  // the next counter value that may be used
inline constexpr std::string_view acked = "acked";                      // own seq that the server has acknowledged
inline constexpr std::string_view last_success = "last_success";        // time of the last verified pull, ms
inline constexpr std::string_view distrust = "distrust";                // an Errc class: rollback or fork; absent: none
inline constexpr std::string_view unconfirmed = "unconfirmed";          // 1 until another device has seen this one
inline constexpr std::string_view roll = "roll";                        // 1: this device needs a new identity
inline constexpr std::string_view enrolling = "enrolling";              // 1 while a create or join is unfinished
inline constexpr std::string_view unlock_failures = "unlock_failures";  // passwords refused since one was right
}  // namespace meta

std::optional<std::uint64_t> get_number(const store::ReadTxn& tx, std::string_view name);
void put_number(store::WriteTxn& tx, std::string_view name, std::uint64_t value);
void remove_number(store::WriteTxn& tx, std::string_view name);

// nullopt when there is none, or when what is there is damaged: it cannot be used either way.
std::optional<Profile> get_profile(const store::ReadTxn& tx);
void put_profile(store::WriteTxn& tx, const Profile& profile);

}  // namespace vault::daemon
