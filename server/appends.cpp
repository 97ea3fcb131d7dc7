// SPDX-License-Identifier: Apache-2.0
#include "server/appends.hpp"

#include "base/fault_point.hpp"
#include "server/answers.hpp"
#include "server/blobs.hpp"
#include "server/checks.hpp"
#include "wire/errc.hpp"

namespace vault::server {

using wire::HttpResponse;

namespace {

constexpr std::uint32_t replaced_version = 0;  // Storage::keyring_version returns it for a replaced version

// Returns the hash of the keyring version that enrolled the device, if the commit may begin a chain and so names it.
std::optional<Hash> start_of_chain(const wire::CommitHeader& header) {
  if (header.kind == wire::CommitKind::jump && header.after.seq == 0) return header.after.hash;
  return header.seq == 1 ? std::optional{header.prev} : std::nullopt;
}

// Checks that the keyring versions that commits name are stored here, or are replaced by one that is.
Result<void> check_references(const Storage& storage, const VaultId& vault, const std::vector<ReadCommit>& commits) {
  const Hash* known = nullptr;
  std::uint32_t known_version = 0;
  for (const auto& [header, commit] : commits) {
    if (known == nullptr || *known != header.keyring_hash) {
      const auto version = storage.keyring_version(vault, header.keyring_hash);
      if (!version) return version.error();
      known = &header.keyring_hash;
      if (!*version) return Errc::tamper;
      known_version = **version;
    }
    if (known_version != header.keyring_version && known_version != replaced_version) return Errc::tamper;
  }
  for (const auto& [header, commit] : commits)
    if (const auto start = start_of_chain(header)) {
      const auto enrolled = storage.keyring_version(vault, *start);
      if (!enrolled) return enrolled.error();
      if (!*enrolled) return Errc::tamper;
    }
  return {};
}

// Holds what the newest keyring version says about an Appender.
struct Authority {
  wire::KeyringHead under;
  SignKey sig;  // of the chain's device, which may be revoked and need not be the caller
};

Result<Authority> authority_of(const Storage& storage, const Appender& who) {
  const auto account = storage.find_account(who.caller.account.name);
  if (!account) return account.error();
  if (!*account || (*account)->vault != who.caller.account.vault) return Errc::auth;
  const auto keyring = newest_keyring(storage, **account);
  if (!keyring) return keyring.error();
  const auto* caller = keyring->find(who.caller.key);
  if (caller == nullptr || !caller->may_write || caller->net != who.caller.by) return Errc::auth;
  const auto* author = keyring->find(who.device);
  if (author == nullptr) return Errc::not_found;
  return Authority{(*account)->keyring, author->sig};
}

HttpResponse answer_append(const Appended& result) {
  if (const auto* head = std::get_if<Head>(&result)) return answer(wire::encode(*head));
  if (const auto* gap = std::get_if<AppendGap>(&result)) return refusal(Errc::gap, wire::encode(gap->head));
  return refusal(Errc::conflict, wire::encode(std::get<wire::CommitConflict>(result)));
}

constexpr int append_tries = 8;  // keyring versions are stored seldom, and by the same thread

}  // namespace

// Checks and appends, again if the keyring has changed in between: it may have when the request's turn to write comes.
Result<HttpResponse> append(Storage& storage, const Appender& who, const std::vector<Sealed>& bytes) {
  const auto& vault = who.caller.account.vault;
  const auto read = read_commits(vault, who.device, bytes);
  if (!read) return read.error();
  std::vector<Commit> commits;
  for (const auto& each : *read) commits.push_back(each.commit);
  for (int tries = 0; tries < append_tries; ++tries) {
    const auto authority = authority_of(storage, who);
    if (!authority) return authority.error();
    if (!is_signed(*read, authority->sig)) return WireErrc::commit_unsigned;
    if (auto good = check_references(storage, vault, *read); !good) return good.error();
    fault_point("append.checked");
    const auto result = storage.append(vault, authority->under, who.device, read->front().header.seq, commits);
    fault_point("append.stored");
    if (!result) return result.error();
    if (!std::holds_alternative<KeyringConflict>(*result)) return answer_append(*result);
  }
  return Errc::busy;
}

// Runs on the thread that also stores keyring versions, so none comes between the check and the write.
Result<HttpResponse> put_chunk(Storage& storage, const Appender& who, const wire::BlobChunkHeader& header,
                               const Sealed& bytes) {
  if (const auto authority = authority_of(storage, who); !authority) return authority.error();
  return store_chunk(storage, header, bytes);
}

}  // namespace vault::server
