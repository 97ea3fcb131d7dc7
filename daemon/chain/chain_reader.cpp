// SPDX-License-Identifier: Apache-2.0
#include "daemon/chain/chain_reader.hpp"

#include "crypto/commit.hpp"
#include "crypto/verify.hpp"
#include "store/errc.hpp"

namespace vault::daemon {

using wire::CommitHeader;
using wire::CommitKind;

std::map<DeviceId, Head> heads_of(const Ledger& ledger) {
  std::map<DeviceId, Head> heads;
  for (const auto& [device, chain] : ledger)
    if (chain.head.seq > 0) heads[device] = chain.head;
  return heads;
}

ChainReader::ChainReader(const Keychain& keychain, const DeviceId& device, ChainState state)
    : keychain_(keychain), device_(device), entry_(keychain.device(device)), state_(std::move(state)) {}

bool ChainReader::at_cut() const {
  return entry_ != nullptr && !entry_->active && state_.head.seq >= entry_->revoked_seq;
}

Result<void> ChainReader::read(BytesView commit, Findings& findings) {
  if (entry_ == nullptr) return Errc::tamper;
  const auto header = wire::decode_commit_header(commit);
  if (!header) return header.error();
  if (const auto ok = check_header(*header); !ok) return ok;
  if (const auto ok = check_keyring(*header); !ok) return ok;
  if (leaves_behind(*header) && !verify_newest()) return Errc::tamper;

  const bool epoch = opens_epoch(header->kind);
  const auto read = epoch ? read_epoch(*header, commit, findings) : read_content(*header, commit, findings);
  if (!read) return read;
  state_.head = {header->seq, crypto::commit_hash(commit)};
  if (!entry_->active && state_.head.seq == entry_->revoked_seq && state_.head.hash != entry_->revoked_hash)
    return Errc::fork;
  if (header->kind == CommitKind::checkpoint) findings.checkpoints.push_back({device_, state_.head});
  state_.keyring_version = header->keyring_version;
  state_.counter_end = header->counter + header->segments;
  newest_.assign(commit.begin(), commit.end());
  return {};
}

bool ChainReader::passes_over_cut(BytesView commit) const {
  const auto header = wire::decode_commit_header(commit);
  return header && entry_ != nullptr && !entry_->active && is_void(*header, entry_->revoked_seq);
}

bool ChainReader::is_cut_by(BytesView jump) const {
  const auto header = wire::decode_commit_header(jump);
  const bool fits = check_header(*header).has_value() && check_keyring(*header).has_value();
  return fits && crypto::verify_commit_signature(entry_->sig, jump);
}

// True if neither the last commit read nor any above it is an ancestor of the jump: then no later signature covers the
// last commit read.
bool ChainReader::leaves_behind(const CommitHeader& header) const {
  return header.kind == CommitKind::jump && !follows(header) && header.after.seq < state_.head.seq;
}

bool ChainReader::follows(const CommitHeader& header) const {
  const auto prev = state_.head.seq == 0 ? keychain_.enrolment_hash(device_) : state_.head.hash;
  return header.seq == state_.head.seq + 1 && header.prev == prev;
}

Result<void> ChainReader::check_header(const CommitHeader& header) const {
  if (header.vault != keychain_.head().vault || header.device != device_ || header.suite != keychain_.head().suite)
    return Errc::tamper;
  if (header.counter < state_.counter_end) return Errc::tamper;
  const auto placed = check_place(header);
  return placed && header.kind == CommitKind::jump ? check_jump(header) : placed;
}

// Checks rules 1 and 2 of a chain.
Result<void> ChainReader::check_place(const CommitHeader& header) const {
  const bool over = header.kind == CommitKind::jump && header.seq > state_.head.seq + 1;
  if (over) return header.epoch > state_.epoch ? Result<void>{} : Errc::tamper;
  if (header.seq > state_.head.seq + 1) return Errc::gap;
  const bool next = header.epoch == state_.epoch + (opens_epoch(header.kind) ? 1u : 0u);
  return follows(header) && next ? Result<void>{} : Errc::tamper;
}

// Checks what a jump says of commits below it. That `after` exists is checked as a reference: see read_epoch().
Result<void> ChainReader::check_jump(const CommitHeader& header) const {
  if (header.after.seq > state_.head.seq) return Errc::gap;
  if (header.after.seq == 0 && header.after.hash != keychain_.enrolment_hash(device_)) return Errc::tamper;
  return is_void(header, keychain_.head_named_by(header.keyring_version, device_)) ? Errc::tamper : Result<void>{};
}

Result<void> ChainReader::check_keyring(const CommitHeader& header) const {
  if (header.keyring_version < std::max(state_.keyring_version, entry_->joined_version)) return Errc::tamper;
  if (header.keyring_version > keychain_.head().version) return Errc::rollback;
  if (!keychain_.has(header.keyring_version, header.keyring_hash)) return Errc::fork;
  if (!opens_epoch(header.kind) && keychain_.generation_of(header.keyring_version) != state_.generation)
    return Errc::tamper;
  return {};
}

Result<void> ChainReader::read_epoch(const CommitHeader& header, BytesView commit, Findings& findings) {
  const auto generation = keychain_.generation_of(header.keyring_version);
  const auto* vault_key = keychain_.vault_key(generation);
  if (vault_key == nullptr) return Errc::tamper;
  auto opened = open_epoch_commit(vault_key->wrap(header.vault, header.device, header.epoch), commit);
  if (!opened) return opened.error();
  const auto seen = crypto::decode_seen(opened->seen.view(), device_);
  if (!seen) return seen.error();
  state_.epoch = header.epoch;
  state_.generation = generation;
  state_.keys[header.epoch] = {header.seq, std::make_shared<const crypto::DeviceKey>(std::move(opened->key))};
  const bool jumps = header.kind == CommitKind::jump;
  if (jumps && header.after.seq > 0) findings.references.insert({device_, header.after});
  return take_seen(*seen, jumps, findings);
}

Result<void> ChainReader::read_content(const CommitHeader& header, BytesView commit, Findings& findings) {
  const auto content = open_commit(*state_.keys.at(header.epoch).key, commit);
  if (!content) return content.error();
  const auto decoded =
      decode_content(static_cast<crypto::Kind>(header.kind), content->view(), device_, &keychain_.version_checks());
  if (!decoded) return decoded.error();
  for (std::uint32_t i = 0; i < decoded->records.size(); ++i) {
    const auto& record = decoded->records[i];
    state_.last_wall = std::max(state_.last_wall, record.wall_ms);
    findings.versions.emplace_back(record.name, Version::of(record, {device_, header.seq, i}));
  }
  if (header.kind == CommitKind::base)
    if (const auto ok = check_base(header, decoded->base, findings); !ok) return ok;
  const bool all = header.kind == CommitKind::checkpoint || header.kind == CommitKind::base;
  return take_seen(decoded->seen, all, findings);
}

// Checks that a reader may start where the base says: at an epoch commit below it, after the named commit.
Result<void> ChainReader::check_base(const CommitHeader& header, const crypto::BaseStart& base,
                                     Findings& findings) const {
  const bool opens = std::any_of(state_.keys.begin(), state_.keys.end(),
                                 [&base](const auto& epoch) { return epoch.second.seq == base.seq; });
  if (!opens || base.seq >= header.seq) return Errc::tamper;
  findings.bases.push_back({device_, header.seq, base.seq});
  if (base.seq == 1) return base.before == keychain_.enrolment_hash(device_) ? Result<void>{} : Errc::tamper;
  findings.references.insert({device_, {base.seq - 1, base.before}});
  return {};
}

// Adds the heads that a commit has seen. A named head never falls; a checkpoint and a base name all chains.
Result<void> ChainReader::take_seen(const crypto::SeenVector& seen, bool all, Findings& findings) {
  for (const auto& [device, head] : seen) {
    const auto before = state_.named.find(device);
    if (before != state_.named.end() && head.seq < before->second.seq) return Errc::tamper;
    state_.named[device] = head;
    findings.references.insert({device, head});
  }
  if (all)
    for (const auto& [device, head] : state_.named)
      if (!seen.contains(device)) return Errc::tamper;
  return {};
}

bool ChainReader::verify_newest() const {
  return newest_.empty() || (entry_ != nullptr && crypto::verify_commit_signature(entry_->sig, newest_));
}

Result<EpochKey> read_epoch_key(const Keychain& keychain, BytesView commit, const DeviceId& device,
                                std::uint32_t epoch) {
  const auto header = wire::decode_commit_header(commit);
  if (!header || !opens_epoch(header->kind) || header->device != device || header->epoch != epoch)
    return StoreErrc::store_damaged;
  const auto* vault_key = keychain.vault_key(keychain.generation_of(header->keyring_version));
  if (vault_key == nullptr) return StoreErrc::store_damaged;
  auto opened = open_epoch_commit(vault_key->wrap(header->vault, device, epoch), commit);
  if (!opened) return StoreErrc::store_damaged;
  return EpochKey{header->seq, std::make_shared<const crypto::DeviceKey>(std::move(opened->key))};
}

Result<void> with_records(BytesView commit, const EpochKeys& keys, const DeviceId& device, std::uint64_t seq,
                          const std::function<void(const std::vector<crypto::RecordView>&)>& use) {
  const auto header = wire::decode_commit_header(commit);
  if (!header) return StoreErrc::store_damaged;
  const auto key = keys.find(header->epoch);
  if (key == keys.end() || header->device != device || header->seq != seq) return StoreErrc::store_damaged;
  const auto content = open_commit(*key->second.key, commit);
  if (!content) return StoreErrc::store_damaged;
  const auto decoded = decode_content(static_cast<crypto::Kind>(header->kind), content->view(), device, nullptr);
  if (!decoded) return StoreErrc::store_damaged;
  use(decoded->records);
  return {};
}

}  // namespace vault::daemon
