// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/waiting_keyrings.hpp"

#include <algorithm>
#include <utility>

#include "daemon/keyring/keychain.hpp"
#include "daemon/state/unverified.hpp"

namespace vault::daemon {
namespace {

using Versions = store::Range<std::uint32_t>;

std::vector<Sealed> all_from(const store::ReadTxn& tx, const store::Table<std::uint32_t, Sealed>& table,
                             std::uint32_t from) {
  std::vector<Sealed> versions;
  tx.scan(table, Versions::from(from),
          [&versions](std::uint32_t, Sealed version) { versions.push_back(std::move(version)); });
  return versions;
}

std::uint32_t newest_version(const store::ReadTxn& tx) {
  const auto newest = tx.last(store::keyrings, Versions::all());
  return newest ? newest->first : 0;
}

bool is_beginning_of(const std::vector<Sealed>& some, const std::vector<Sealed>& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}

}  // namespace

std::vector<Sealed> stored_keyrings(const store::ReadTxn& tx) { return all_from(tx, store::keyrings, 1); }

std::vector<Sealed> waiting_keyrings(const store::ReadTxn& tx) {
  return all_from(tx, store::inbox_keyrings, newest_version(tx) + 1);
}

Result<void> may_wait(const store::ReadTxn& tx, const std::vector<Sealed>& versions) {
  const auto newest = tx.last(store::keyrings, Versions::all());
  if (!newest) return Errc::tamper;
  const auto* before = &newest->second;
  for (const auto& version : versions) {
    if (const auto header = wire::decode_keyring_header(version.view()); !header) return header.error();
    if (!is_signed_successor(*std::exchange(before, &version), version)) return Errc::tamper;
  }
  return {};
}

Result<void> keep_waiting(store::WriteTxn& tx, const std::vector<Sealed>& versions) {
  if (is_beginning_of(versions, waiting_keyrings(tx))) return {};
  auto version = newest_version(tx);
  tx.remove(store::inbox_keyrings, Versions::all());
  for (const auto& keyring : versions) tx.put(store::inbox_keyrings, ++version, keyring);
  return has_room(tx);
}

}  // namespace vault::daemon
