#include "daemon/pull.hpp"

#include <set>

#include "base/limits.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {
Result<LinkedPage> link_page(std::vector<Sealed> commits, const VaultId& vault, const DeviceId& device, Head before,
                             std::uint64_t until, const std::optional<SignKey>& signer) {
  LinkedPage page{{}, before};
  for (auto& commit : commits) {
    if (page.head.seq == until) break;
    const auto header = wire::decode_commit_header(commit.view());
    if (!header) return header.error();
    if (header->vault != vault || header->device != device) return Errc::tamper;
    if (header->seq > page.head.seq + 1) return Errc::gap;
    const bool follows = header->seq == page.head.seq + 1;
    const bool linked = page.head.seq == 0 || header->prev == page.head.hash;
    if (follows && !linked && page.rows.empty() && signer && crypto::verify_commit_signature(*signer, commit.view()))
      return Errc::fork;  // it has signed two histories
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
  for (const auto& device : keychain.body().devices) signers[device.id] = device.sig;
  return signers;
}

asio::awaitable<Result<std::uint64_t>> Pull::chain(DeviceId device, Head until, std::optional<SignKey> signer) {
  Head verified;
  const auto stored = store_->read([&](const store::ReadTxn& tx) {
    verified = tx.get(store::heads, device).value_or(Head{});
    return stored_head(tx, device);
  });
  if (!stored) co_return stored.error();
  auto head = *stored;
  const auto first = head.seq;
  while (head.seq < until.seq) {
    auto answer = co_await remote_.chain(device, head.seq + 1);
    if (!answer) co_return answer.error();
    auto check = [commits = std::move(answer->commits), vault = vault_, device, head, until, signer]() mutable {
      return link_page(std::move(commits), vault, device, head, until.seq, signer);
    };
    auto page = co_await run_on(threads_.worker, std::move(check));
    if (!page && page.error() == Errc::fork && head != verified) co_return Errc::tamper;  // from what nobody verified
    if (!page) co_return page.error();
    head = page->head;
    if (!signer) unsigned_bytes_ += page->bytes;
    if (unsigned_bytes_ > limits::unverified_bytes) co_return Errc::limit;
    auto keep = [rows = std::move(page->rows)](store::WriteTxn& tx) {
      for (const auto& [place, commit] : rows) tx.put(store::chains, place, commit);
      crypto::seams::fault_point("pull.before-commit");
    };
    const auto put = co_await writer_.write(std::move(keep));
    if (!put) co_return put.error();
    crypto::seams::fault_point("pull.page-stored");
  }
  if (head != until) co_return Errc::tamper;
  co_return head.seq - first;
}

asio::awaitable<Result<std::uint64_t>> Pull::chains(const wire::Heads& heads, DeviceId self,
                                                    std::optional<Signers> signers) {
  std::uint64_t fetched = 0;
  if (signers) unsigned_bytes_ = 0;  // else what earlier pulls left counts too
  for (const auto& [device, head] : heads.chains) {
    if (device == self) continue;
    std::optional<SignKey> signer;
    if (signers) {
      const auto at = signers->find(device);
      if (at == signers->end()) co_return Errc::tamper;  // a chain of nobody
      signer = at->second;
    }
    const auto more = co_await chain(device, head, signer);
    if (!more) co_return more.error();
    fetched += *more;
  }
  co_return fetched;
}

asio::awaitable<Result<void>> Pull::drop_unverified(std::map<DeviceId, Head> verified, DeviceId self) {
  unsigned_bytes_ = 0;
  return writer_.write([verified = std::move(verified), self](store::WriteTxn& tx) {
    std::set<DeviceId> devices;  // every chain that has a row, one look-up each
    auto next = tx.last(store::chains, store::Range<store::Place>::all());
    while (next) {
      const auto device = next->first.device;
      devices.insert(device);
      next = tx.last(store::chains, store::Range<store::Place>::between({DeviceId{}, 0}, {device, 0}));
    }
    for (const auto& device : devices) {
      if (device == self) continue;
      const auto at = verified.find(device);
      const std::uint64_t keep = at != verified.end() ? at->second.seq : 0;
      tx.remove(store::chains, store::Range<store::Place>::between({device, keep + 1}, {device, ~std::uint64_t{0}}));
    }
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    crypto::seams::fault_point("drop.before-commit");
  });
}

}  // namespace vault::daemon
