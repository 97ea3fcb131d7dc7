// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/unsent.hpp"

#include "daemon/keyring/keychain.hpp"
#include "daemon/state/profile.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {
namespace {

std::uint32_t generation_in(const std::optional<Sealed>& keyring) {
  const auto decoded = keyring ? wire::decode_keyring_header(keyring->view()) : Errc::gap;
  return decoded ? decoded->header.generation : 0;
}

// Returns the generation of the vault key that a commit was sealed under, as its clear header says. A new identity
// names its own keyring version, which may not be at the server.
std::uint32_t generation_at(const store::ReadTxn& tx, const store::Place& place) {
  const auto commit = tx.get(store::chains, place);
  const auto header = commit ? wire::decode_commit_header(commit->view()) : Errc::gap;
  if (!header) return 0;
  if (auto keyring = tx.get(store::keyrings, header->keyring_version)) return generation_in(keyring);
  return generation_in(tx.get(store::local, "journal"));
}

}  // namespace

Unsent unsent_of(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t acked) {
  Unsent out;
  out.last = tx.get(store::heads, self).value_or(Head{}).seq;
  out.first = acked + 1;
  const auto voids = void_seqs(tx, self, out.last);
  if (!voids.empty() && acked < voids.front().jump) {
    const auto& [after, jump] = voids.front();
    out.cut_off = acked != after && acked + 1 != jump;
    out.first = jump;
  }
  if (!out.none()) out.generation = generation_at(tx, {self, out.first});
  return out;
}

std::uint32_t newest_generation(const store::ReadTxn& tx) {
  auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
  if (!newest) return 0;
  tx.scan(store::inbox_keyrings, store::Range<std::uint32_t>::from(newest->first + 1),
          [&newest](std::uint32_t version, const Sealed& keyring) {
            if (!is_signed_successor(newest->second, keyring)) return false;
            newest = {version, keyring};
            return true;
          });
  return generation_in(newest->second);
}

}  // namespace vault::daemon
