// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/unverified.hpp"

#include "base/limits.hpp"
#include "crypto/seams.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/state/profile.hpp"

namespace vault::daemon {
namespace {

using Places = store::Range<store::Place>;

// Costs one look-up for each chain that ends at its head, as all do when nothing waits.
std::uint64_t count_rows(const store::ReadTxn& tx) {
  const auto profile = get_profile(tx);
  std::uint64_t sum = 0;
  for (const auto& [device, last] : last_seqs(tx)) {
    const auto head = tx.get(store::heads, device).value_or(Head{}).seq;
    if ((!profile || device != profile->device) && last > head)
      sum += tx.bytes(store::chains, Places::between({device, head + 1}, {device, ~std::uint64_t{0}}));
  }
  return sum;
}

// Counts the rows of a database that has no number yet.
std::uint64_t counted(const store::ReadTxn& tx) {
  const auto number = get_number(tx, meta::unverified);
  return number ? *number : count_rows(tx);
}

Result<void> fits(const store::ReadTxn& tx, std::uint64_t bytes) {
  const auto keyrings = tx.bytes(store::inbox_keyrings, store::Range<std::uint32_t>::all());
  const auto most = crypto::seams::amount("pull.unverified", limits::unverified_bytes);
  return bytes + keyrings <= most ? Result<void>{} : Result<void>{Errc::limit};
}

}  // namespace

Result<void> add_unverified(store::WriteTxn& tx, std::uint64_t bytes) {
  const auto sum = counted(tx) + bytes;
  if (const auto ok = fits(tx, sum); !ok) return ok;
  put_number(tx, meta::unverified, sum);
  return {};
}

Result<void> has_room(const store::ReadTxn& tx) { return fits(tx, counted(tx)); }

void settle_unverified(store::WriteTxn& tx) {
  if (get_number(tx, meta::unverified).value_or(0) != 0) put_number(tx, meta::unverified, count_rows(tx));
}

}  // namespace vault::daemon
