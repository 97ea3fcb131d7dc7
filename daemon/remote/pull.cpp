// SPDX-License-Identifier: Apache-2.0
#include "daemon/remote/pull.hpp"

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/state/unverified.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {
namespace {

// True if a jump may follow a chain that ends at `last`. It need not follow directly.
bool jumps_over(const wire::CommitHeader& header, std::uint64_t last) {
  return header.kind == wire::CommitKind::jump && header.seq > last + 1 && header.after.seq <= last;
}

// True if the head, or a commit below it, may be where the jump continues.
bool is_after(const wire::CommitHeader& jump, const Head& head) {
  return jump.after.seq < head.seq || jump.after.hash == head.hash;
}

}  // namespace

Result<LinkedPage> link_page(std::vector<Sealed> commits, const VaultId& vault, const DeviceId& device, Head before,
                             std::uint64_t until, const std::optional<SignKey>& signer) {
  LinkedPage page{{}, before};
  for (auto& commit : commits) {
    if (page.head.seq >= until) break;
    const auto header = wire::decode_commit_header(commit.view());
    if (!header) return header.error();
    if (header->vault != vault || header->device != device) return Errc::tamper;
    const bool jumps = jumps_over(*header, page.head.seq);
    if (header->seq > page.head.seq + 1 && !jumps) return Errc::gap;
    const bool follows = jumps || header->seq == page.head.seq + 1;
    const bool linked = page.head.seq == 0 || header->prev == page.head.hash || (jumps && is_after(*header, page.head));
    if (follows && !linked && page.rows.empty() && signer && crypto::verify_commit_signature(*signer, commit.view()))
      return Errc::fork;  // the device has signed two histories
    if (!follows || !linked) return Errc::tamper;
    page.head = {header->seq, crypto::commit_hash(commit.view())};
    page.bytes += commit.size();
    page.rows.emplace_back(store::Place{device, header->seq}, std::move(commit));
  }
  if (page.rows.empty()) return Errc::gap;
  if (signer && !crypto::verify_commit_signature(*signer, page.rows.back().second.view())) return Errc::tamper;
  return page;
}

Head stored_head(const store::ReadTxn& tx, const DeviceId& device) {
  const auto last = tx.last(store::chains, store::Range<store::Place>::starting_with(device));
  return last ? Head{last->first.seq, crypto::commit_hash(last->second.view())} : Head{};
}

asio::awaitable<Result<std::vector<Sealed>>> pull_keyrings(Remote& remote, std::uint32_t from, wire::KeyringHead head) {
  std::vector<Sealed> versions;
  std::size_t bytes = 0;
  while (from + versions.size() <= head.version) {
    auto page = co_await remote.keyring(static_cast<std::uint32_t>(from + versions.size()));
    if (!page) co_return page.error();
    if (page->versions.empty()) co_return Errc::gap;
    for (auto& version : page->versions) {
      if (from + versions.size() > head.version) break;
      bytes += version.size();
      if (version.size() > limits::keyring_bytes || bytes > limits::keyrings_bytes) co_return Errc::limit;
      if (versions.size() == limits::keyring_versions) co_return Errc::limit;
      versions.push_back(std::move(version));
    }
  }
  if (!versions.empty() && crypto::keyring_hash(versions.back().view()) != head.hash) co_return Errc::tamper;
  co_return versions;
}

Signers signers_of(const Keychain& keychain) {
  Signers signers;
  for (const auto& device : keychain.body().devices)
    signers[device.id] = {device.sig, device.active ? std::nullopt : std::optional{device.revoked_seq}};
  return signers;
}

// Fetches the commits of a chain that are not stored, until its head is stored. Stops beyond `until` if a jump does.
asio::awaitable<Result<Head>> Pull::fetch(DeviceId device, std::uint64_t until, std::optional<SignKey> signer) {
  Head verified;
  const auto stored = store_->read([&](const store::ReadTxn& tx) {
    verified = tx.get(store::heads, device).value_or(Head{});
    return stored_head(tx, device);
  });
  if (!stored) co_return stored.error();
  auto head = *stored;
  while (head.seq < until) {
    auto answer = co_await remote_.chain(device, head.seq + 1);
    if (!answer) co_return answer.error();
    auto check = [commits = std::move(answer->commits), vault = vault_, device, head, until, signer]() mutable {
      return link_page(std::move(commits), vault, device, head, until, signer);
    };
    auto page = co_await run_on(threads_.worker, std::move(check));
    // Built on a commit that nobody verified
    if (!page && page.error() == Errc::fork && head != verified) co_return Errc::tamper;
    if (!page) co_return page.error();
    head = page->head;
    fetched_ += page->rows.size();
    auto keep = [rows = std::move(page->rows), blindly = !signer, bytes = page->bytes](store::WriteTxn& tx) {
      if (const auto ok = blindly ? add_unverified(tx, bytes) : Result<void>{}; !ok) return ok;
      for (const auto& [place, commit] : rows) put_commit(tx, place, commit);
      fault_point("pull.before-commit");
      return Result<void>{};
    };
    const auto put = co_await writer_.write(std::move(keep));
    if (!put) co_return put.error();
    fault_point("pull.page-stored");
  }
  co_return head;
}

asio::awaitable<Result<void>> Pull::chain(DeviceId device, Head until, std::optional<SignKey> signer) {
  const auto head = co_await fetch(device, until.seq, signer);
  if (!head) co_return head.error();
  if (*head != until) co_return Errc::tamper;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Pull::ended_chain(DeviceId device, Head until, Signer signer) {
  const auto end = std::min(until.seq, *signer.cut);
  if (const auto counts = co_await fetch(device, end, signer.key); !counts) co_return counts.error();
  const auto rest = co_await fetch(device, until.seq, signer.key);
  const bool away = !rest && class_of(rest.error()) == Errc::offline;
  co_return away ? Result<void>{rest.error()} : Result<void>{};
}

std::map<DeviceId, Head> other_heads(const wire::Heads& heads, const DeviceId& self) {
  std::map<DeviceId, Head> out;
  for (const auto& [device, head] : heads.chains)
    if (device != self) out[device] = head;
  return out;
}

asio::awaitable<Result<std::uint64_t>> Pull::chains(std::map<DeviceId, Head> until, std::optional<Signers> signers) {
  fetched_ = 0;
  for (const auto& [device, head] : until) {
    std::optional<Signer> signer;
    if (signers) {
      const auto at = signers->find(device);
      if (at == signers->end()) co_return Errc::tamper;  // a chain of nobody
      signer = at->second;
    }
    auto fetching = signer && signer->cut ? ended_chain(device, head, *signer)
                                          : chain(device, head, signer ? std::optional{signer->key} : std::nullopt);
    if (const auto done = co_await std::move(fetching); !done) co_return done.error();
  }
  co_return fetched_;
}

asio::awaitable<Result<void>> Pull::drop_unverified(std::map<DeviceId, Head> verified, DeviceId self,
                                                    Keyrings keyrings) {
  return writer_.write([verified = std::move(verified), self, keyrings](store::WriteTxn& tx) {
    for (const auto& [device, last] : last_seqs(tx)) {
      if (device == self) continue;
      const auto at = verified.find(device);
      const std::uint64_t keep = at != verified.end() ? at->second.seq : 0;
      remove_commits(tx, store::Range<store::Place>::between({device, keep + 1}, {device, ~std::uint64_t{0}}));
    }
    settle_unverified(tx);
    if (keyrings == Keyrings::dropped) tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    fault_point("drop.before-commit");
  });
}

}  // namespace vault::daemon
