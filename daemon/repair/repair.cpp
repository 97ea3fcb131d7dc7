// SPDX-License-Identifier: Apache-2.0
#include "daemon/repair/repair.hpp"

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/state/commit_rows.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"
#include "wire/errc.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t keyrings_at_once = 64;  // the server checks the signatures of each

// Returns the hash of a commit, or keyring version, that this device has; zeros if it has none there.
Hash hash_at(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t seq) {
  const auto commit = tx.get(store::chains, {device, seq});
  return commit ? crypto::commit_hash(commit->view()) : Hash{};
}

Hash hash_at(const store::ReadTxn& tx, std::uint32_t version) {
  const auto keyring = tx.get(store::keyrings, version);
  return keyring ? crypto::keyring_hash(keyring->view()) : Hash{};
}

std::map<DeviceId, Head> as_map(const wire::Heads& heads) {
  std::map<DeviceId, Head> out;
  for (const auto& [device, head] : heads.chains) out[device] = head;
  return out;
}

}  // namespace

Repair::Repair(LocalVault& device, HttpClient& http, Bytes invitation)
    : device_(device),
      invitation_(std::move(invitation)),
      remote_(Remote{http, device.profile.account}.within(device.threads.acts)) {
  auto net = std::make_shared<const crypto::RequestSigner>(crypto::RequestSigner::from_seed(device.acting_net()));
  remote_.use_key(device.profile.vault, device.acting(),
                  [net](BytesView message) { return net->sign_request(message); });
}

Result<Loss> Repair::everything() const {
  return device_.store->read([this](const store::ReadTxn& tx) {
    Loss loss;
    loss.keyrings = device_.keyring.version;
    for (const auto& [device, head] : known_) {
      loss.chains[device] = 0;
      loss.commits += count_sent(void_seqs(tx, device, head.seq), 0, head.seq);
    }
    return loss;
  });
}

// Asks if the account is there. For one that it does not have, a server answers with another vault.
asio::awaitable<Result<Loss>> Repair::without_session() {
  const auto login = co_await remote_.prelogin();
  if (!login) co_return login.error();
  auto loss = everything();
  (login->vault == device_.profile.vault ? loss->device : loss->account) = true;
  co_return loss;
}

Result<Loss> Repair::compare(const wire::Heads& served) const {
  const auto chains = as_map(served);
  return device_.store->read([&](const store::ReadTxn& tx) -> Result<Loss> {
    Loss loss;
    const auto version = std::min(served.keyring.version, device_.keyring.version);
    if (version == served.keyring.version && hash_at(tx, version) != served.keyring.hash)
      return DaemonErrc::branches_apart;
    loss.keyrings = device_.keyring.version - version;
    for (const auto& [device, head] : known_) {
      const auto at = chains.find(device);
      const auto there = at != chains.end() ? at->second : Head{};
      if (there.seq > head.seq) continue;  // the server has more; a pull judges that
      if (there.seq > 0 && hash_at(tx, device, there.seq) != there.hash) return Errc::fork;
      if (there.seq == head.seq) continue;
      loss.chains[device] = there.seq;
      loss.commits += count_sent(void_seqs(tx, device, head.seq), there.seq, head.seq);
    }
    return loss;
  });
}

asio::awaitable<Result<Loss>> Repair::survey() {
  auto known = device_.heads();
  if (!known) co_return known.error();
  known_ = std::move(*known);
  const auto roll = device_.standing.roll;  // a server that does not know us yet is no reason
  if ((roll != IdentityReason::none && roll != IdentityReason::refused) || device_.unsent)
    known_.erase(device_.profile.device);  // it will have another chain soon, or waits for its keyring
  if (const auto own = known_.find(device_.profile.device); own != known_.end()) {
    own->second.seq = std::min(own->second.seq, device_.standing.acked);  // the rest is pushed when it may be
    if (own->second.seq == 0) known_.erase(own);
  }
  const auto served = co_await remote_.heads();
  if (!served && class_of(served.error()) == Errc::auth) co_return co_await without_session();
  if (!served) co_return served.error();
  const auto& ours = device_.keyring;
  if (served->keyring.version > ours.version) {
    const auto page = co_await remote_.keyring(ours.version);
    if (!page) co_return page.error();
    if (page->versions.empty()) co_return Errc::gap;
    if (crypto::keyring_hash(page->versions.front().view()) != ours.hash) co_return DaemonErrc::branches_apart;
  }
  co_return compare(*served);
}

// Sends keyring versions. They authorise themselves: a server takes them from a device unknown to it.
asio::awaitable<Result<void>> Repair::send_keyrings(Loss loss) {
  const auto newest = device_.keyring.version;
  auto from = newest - loss.keyrings + 1;
  do {
    std::vector<Sealed> versions;
    const auto read = device_.store->read([&](const store::ReadTxn& tx) -> Result<void> {
      wire::RequestRoom room{wire::account_names_bytes};
      auto next = tx.get(store::keyrings, 1);
      for (from = std::max<std::uint32_t>(from, 2); next && room.take(next->size()); ++from) {
        versions.push_back(std::move(*next));
        if (from > newest || versions.size() > keyrings_at_once) return {};
        next = tx.get(store::keyrings, from);
      }
      if (next && versions.size() > 1) --from;
      return next ? Result<void>{} : StoreErrc::store_damaged;
    });
    if (!read) co_return read.error();
    auto sent = co_await remote_.restore_account(invitation_, std::move(versions));
    fault_point("repair.keyrings-sent");
    if (sent) continue;
    const auto klass = class_of(sent.error());
    if (klass == Errc::conflict) co_return loss.account ? DaemonErrc::account_taken : DaemonErrc::branches_apart;
    if (klass == Errc::denied) co_return invitation_.empty() ? WireErrc::registration_closed : WireErrc::invite_needed;
    co_return sent;
  } while (from <= newest);
  co_return Result<void>{};
}

namespace {

// Returns the next commits, from the seq `from` on, for a server that has the chain up to `there`.
std::vector<Sealed> read_page(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t there, std::uint64_t from,
                              std::uint64_t last) {
  std::vector<Sealed> commits;
  wire::RequestRoom room{wire::page_count_bytes};
  const auto voids = void_seqs(tx, device, last);
  tx.scan(store::chains, store::Range<store::Place>::between({device, from}, {device, last + 1}),
          [&](const store::Place& place, Sealed commit) {
            if (!is_sent(voids, there, place.seq)) return true;
            if (commits.size() == limits::page_commits || !room.take(commit.size())) return false;
            commits.push_back(std::move(commit));
            return true;
          });
  return commits;
}

}  // namespace

asio::awaitable<Result<std::uint64_t>> Repair::send_chain(DeviceId device, std::uint64_t there) {
  const auto last = known_.at(device).seq;
  std::uint64_t sent = 0;
  for (auto from = there + 1; from <= last;) {
    auto page = device_.store->read([&](const store::ReadTxn& tx) { return read_page(tx, device, there, from, last); });
    if (!page) co_return page.error();
    const auto header = page->empty() ? Result<wire::CommitHeader>{StoreErrc::store_damaged}
                                      : wire::decode_commit_header(page->back().view());
    if (!header) co_return StoreErrc::store_damaged;
    from = header->seq + 1;
    sent += page->size();
    fault_point("repair.before-send");
    std::optional<wire::CommitConflict> other;
    const auto head = co_await remote_.append(device, std::move(*page), other);
    fault_point("repair.page-sent");
    if (!head) co_return other ? make_error_code(Errc::fork) : head.error();
  }
  co_return sent;
}

asio::awaitable<Result<Loss>> Repair::send() {
  auto loss = co_await survey();
  if (!loss) co_return loss.error();
  const bool stranger = loss->account || loss->device;
  if (loss->keyrings > 0)
    if (const auto sent = co_await send_keyrings(*loss); !sent) co_return sent.error();
  if (stranger) {  // the server now knows us: ask what it has
    const auto before = *loss;
    loss = co_await survey();
    if (!loss) co_return loss.error();
    if (loss->account || loss->device) co_return DaemonErrc::repair_unknown_key;
    loss->account = before.account;
    loss->keyrings = before.keyrings;
  }
  loss->commits = 0;
  for (const auto& [device, there] : loss->chains) {
    const auto sent = co_await send_chain(device, there);
    if (!sent) co_return sent.error();
    loss->commits += *sent;
  }
  if (const auto offered = co_await device_.blobs.offer_copies(); !offered) co_return offered.error();
  co_return loss;
}

}  // namespace vault::daemon
