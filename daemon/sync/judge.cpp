// SPDX-License-Identifier: Apache-2.0
// Compares what a server shows with what this device has and has verified.
#include <algorithm>

#include "crypto/verify.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/unsent.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {

namespace {

// True if own commits wait that were sealed under an older key. Only then does it matter that the answer to a push was
// lost: what the server has must not become void. Otherwise the same bytes are sent again.
bool waits_under_an_older_key(const LocalVault& device) {
  const auto waits = device.store->read([&device](const store::ReadTxn& tx) {
    return unsent_of(tx, device.profile.device, device.standing.acked).is_outdated(newest_generation(tx));
  });
  return waits && *waits;
}

}  // namespace

asio::awaitable<Result<void>> Sync::judge_own_head(Head served) {
  const auto self = device_->profile.device;
  Result<void> verdict;
  const auto read = device_->store->read([&](const store::ReadTxn& tx) {
    const auto own = tx.get(store::heads, self).value_or(Head{});
    if (served.seq < device_->standing.acked) {
      verdict = Errc::rollback;
    } else if (served.seq > own.seq) {
      verdict = Errc::keystate;  // somebody else writes as this device
    } else if (served.seq > 0) {
      const auto commit = tx.get(store::chains, {self, served.seq});
      if (!commit || crypto::commit_hash(commit->view()) != served.hash) verdict = Errc::keystate;
    }
  });
  if (!read) co_return read.error();
  const bool more = verdict && served.seq > device_->standing.acked;
  if (more && waits_under_an_older_key(*device_)) co_return co_await device_->acknowledged(served.seq);
  if (verdict || verdict.error() != Errc::keystate) co_return verdict;
  const auto page = co_await bounded_.chain(self, served.seq);
  if (!page) co_return page.error();
  if (page->commits.empty()) co_return Errc::gap;
  co_return judge_own(page->commits.front());
}

// Judges a commit that is served as one of our own in place of ours. If we signed it, it is a clone's, or from a state
// that was restored since: keystate. Anything else the server has made up: tamper; so is one of our own commits in a
// wrong place, and everything while nobody can tell.
boost::system::error_code Sync::judge_own(const Sealed& commit) const {
  const auto self = device_->profile.device;
  const auto header = wire::decode_commit_header(commit.view());
  if (!header || header->vault != device_->profile.vault || header->device != self) return Errc::tamper;
  const auto own = device_->store->read([&](const store::ReadTxn& tx) {
    return tx.get(store::chains, {self, header->seq});
  });
  if (!own) return own.error();
  if (*own == commit || !crypto::verify_commit_signature(device_->self_key, commit.view())) return Errc::tamper;
  return Errc::keystate;
}

namespace {

// Checks chains whose end this disk has lost: they had been verified further than they are here.
Result<void> shows_what_was_lost(const LocalVault& device, const std::map<DeviceId, Head>& served) {
  const auto lost = device.store->read([](const store::ReadTxn& tx) { return lost_heads(tx); });
  if (!lost) return lost.error();
  for (const auto& [id, head] : *lost) {
    const bool own = id == device.profile.device || std::ranges::find(device.formers, id) != device.formers.end();
    const auto at = served.find(id);
    if (own || head.seq == 0) continue;
    if (at == served.end() || at->second.seq < head.seq) return Errc::rollback;
    const bool known = head.hash != Hash{};  // not known if the disk may have changed the hash itself
    if (known && at->second.seq == head.seq && at->second.hash != head.hash) return Errc::fork;
  }
  return {};
}

}  // namespace

Result<void> compare_with_known(const LocalVault& device, const wire::Heads& served) {
  if (served.keyring.version < device.keyring.version) return Errc::rollback;
  if (served.keyring.version == device.keyring.version && served.keyring.hash != device.keyring.hash) return Errc::fork;
  const auto known = device.heads();
  if (!known) return known.error();
  const auto chains = other_heads(served, device.profile.device);
  if (const auto lost = shows_what_was_lost(device, chains); !lost) return lost;
  for (const auto& [id, head] : *known) {
    if (id == device.profile.device) continue;
    const auto at = chains.find(id);
    if (at == chains.end() || at->second.seq < head.seq) return Errc::rollback;
    if (at->second.seq == head.seq && at->second.hash != head.hash) return Errc::fork;
  }
  return {};
}

asio::awaitable<Result<void>> Sync::compare_own(const wire::Heads& served) {
  const auto own = std::ranges::find(served.chains, device_->profile.device, &wire::Heads::Chain::device);
  const auto head = own != served.chains.end() ? own->head : Head{};
  co_return co_await judge_own_head(head);
}

// True if everything served was verified before, hash for hash. Requires: nothing was found against it.
bool Sync::shows_no_more(const wire::Heads& served) const {
  const auto known = device_->heads();
  if (!known || served.keyring != device_->keyring) return false;
  return std::all_of(served.chains.begin(), served.chains.end(), [&](const auto& chain) {
    const auto at = known->find(chain.device);
    return chain.device == device_->profile.device || (at != known->end() && at->second == chain.head);
  });
}

namespace {

// True if they are two commits of one device for one seq, both signed by it.
bool is_proof(const SignKey& signer, const Sealed& one, const Sealed& other) {
  const auto a = wire::decode_commit_header(one.view());
  const auto b = wire::decode_commit_header(other.view());
  return a && b && a->vault == b->vault && a->device == b->device && a->seq == b->seq && one != other &&
         crypto::verify_commit_signature(signer, one.view()) && crypto::verify_commit_signature(signer, other.view());
}

}  // namespace

// Stores what proves to anybody that a device was two. Returns whether the server has shown that.
asio::awaitable<Result<Sync::Shown>> Sync::keep_proof(DeviceId device, Head known) {
  const auto signer = std::ranges::find(device_->devices, device, &wire::PublicDevice::id);
  if (signer == device_->devices.end()) co_return Shown::nothing;
  const auto page = co_await bounded_.chain(device, known.seq);
  if (!page) co_return page.error();
  const auto own = device_->store->read([&](const store::ReadTxn& tx) {
    return tx.get(store::chains, {device, known.seq});
  });
  if (!own) co_return own.error();
  if (page->commits.empty() || !*own || !is_proof(signer->sig, **own, page->commits.front())) co_return Shown::nothing;
  auto keep = [device, seq = known.seq, own = **own, other = page->commits.front()](store::WriteTxn& tx) {
    for (const auto* commit : {&own, &other})
      tx.put(store::proofs, {device, seq, crypto::commit_hash(commit->view())}, *commit);
  };
  const auto kept = co_await device_->writer.write(std::move(keep));
  if (!kept) log::warning("a proof was not stored", {{"error", kept.error()}});
  co_return Shown::proof;
}

// Returns whether the server has another signed version in place of the newest one here.
asio::awaitable<Result<Sync::Shown>> Sync::has_other_keyring(Hash hash) {
  const auto version = device_->keyring.version;
  const auto page = co_await bounded_.keyring(version);
  if (!page) co_return page.error();
  const auto before =
      device_->store->read([version](const store::ReadTxn& tx) { return tx.get(store::keyrings, version - 1); });
  if (!before) co_return before.error();
  if (page->versions.empty() || !*before) co_return Shown::nothing;
  const auto& other = page->versions.front();
  const bool good = crypto::keyring_hash(other.view()) == hash && is_signed_successor(**before, other);
  co_return good ? Shown::proof : Shown::nothing;
}

// Judges another hash: fork or tamper. Heads are not signed: only the commit or version behind it proves a fork.
asio::awaitable<boost::system::error_code> Sync::judge_fork(wire::Heads served) {
  const bool keyring =
      served.keyring.version == device_->keyring.version && served.keyring.hash != device_->keyring.hash;
  Result<Shown> shown{Shown::nothing};
  if (keyring) shown = co_await has_other_keyring(served.keyring.hash);
  const auto known = device_->heads();
  if (!known) co_return known.error();
  for (const auto& [device, head] : other_heads(served, device_->profile.device)) {
    const auto at = known->find(device);
    const bool other = at != known->end() && at->second.seq == head.seq && at->second.hash != head.hash;
    if (other && shown && *shown == Shown::nothing) shown = co_await keep_proof(device, at->second);
  }
  if (!shown) co_return shown.error();
  co_return *shown == Shown::proof ? Errc::fork : Errc::tamper;
}

asio::awaitable<void> Sync::keep_proofs(wire::Heads served) {
  const auto known = device_->heads();
  if (!known) co_return;
  for (const auto& [device, head] : other_heads(served, device_->profile.device))
    if (const auto at = known->find(device); at != known->end() && at->second.seq > 0 && head.seq >= at->second.seq)
      (void)co_await keep_proof(device, at->second);
}

}  // namespace vault::daemon
