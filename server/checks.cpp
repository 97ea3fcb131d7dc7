// SPDX-License-Identifier: Apache-2.0
#include "server/checks.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/keyring_trailer.hpp"
#include "crypto/verify.hpp"
#include "wire/errc.hpp"
#include "wire/messages.hpp"
#include "wire/seal_header.hpp"
#include "wire/slot_rules.hpp"

namespace vault::server {
namespace {

using crypto::KeyringRole;

constexpr std::size_t seal_bytes = 64;  // salt and ck

struct Signed {
  BytesView prefix;
  crypto::KeyringTrailer trailer;
};

Result<Signed> read_signatures(const ReadKeyring& keyring) {
  const auto bytes = keyring.version.bytes.view();
  const auto header = wire::decode_keyring_header(bytes);
  if (!header) return header.error();
  auto trailer = crypto::keyring_trailer(bytes, header->size);
  if (!trailer) return trailer.error();
  if (!wire::segments_fit(header->header.segments, header->header.total, header->size + seal_bytes + trailer->size))
    return Errc::tamper;
  const auto prefix = bytes.first(trailer->signed_size);
  return Signed{prefix, std::move(*trailer)};
}

bool signed_by(const Signed& in, std::size_t which, KeyringRole role, const SignKey& key) {
  if (which >= in.trailer.signatures.size()) return false;
  const auto& signature = in.trailer.signatures[which];
  return signature.role == role && crypto::verify_keyring_signature(key, in.prefix, signature.signature);
}

// True if a recovery replaces everything that the old password and the old sheet gave access to; only then may it stand
// for the old password. A new password implies a new seed.
bool is_recovery(const wire::KeyringHeader& before, const wire::KeyringHeader& after) {
  return !before.recovery_auth.is_zero() && after.recovery_auth != before.recovery_auth && after.auth != before.auth &&
         after.generation > before.generation;
}

bool is_authorised(const Signed& in, const wire::KeyringHeader& before, const wire::KeyringHeader& after) {
  if (!signed_by(in, 0, KeyringRole::own, after.auth)) return false;
  if (after.auth == before.auth) return in.trailer.signatures.size() == 1;
  if (signed_by(in, 1, KeyringRole::previous, before.auth)) return true;
  return is_recovery(before, after) && signed_by(in, 1, KeyringRole::recovery, before.recovery_auth);
}

// True if all devices stay, with their keys; revoked ones stay revoked; a device that is being revoked loses the vault
// key in this version; new devices may write.
bool devices_grow(const wire::KeyringHeader& before, const wire::KeyringHeader& after) {
  const bool new_key = after.generation != before.generation;
  const bool kept = std::ranges::all_of(before.devices, [&](const wire::PublicDevice& old) {
    const auto* now = after.find(old.id);
    if (now == nullptr || now->net != old.net || now->sig != old.sig) return false;
    return now->may_write == old.may_write || (old.may_write && new_key);
  });
  return kept && std::ranges::all_of(after.devices, [&before](const wire::PublicDevice& now) {
           return now.may_write || before.find(now.id) != nullptr;
         });
}

// False for ids that name the password or the sheet in a request.
bool are_ids(const std::vector<wire::PublicDevice>& devices) {
  return std::ranges::none_of(devices, [](const auto& d) { return d.id.is_zero() || d.id == wire::sheet_key_id; });
}

// True if the version is sound by itself, whatever came before it.
bool is_sound(const wire::KeyringHeader& header, bool new_key) {
  return are_ids(header.devices) && wire::slots_are_sound(header) && wire::slots_fit_devices(header, new_key);
}

// True unless a version without a new vault key changes what it must leave as it is.
bool is_kept(const wire::KeyringHeader& before, const wire::KeyringHeader& after) {
  return after.generation != before.generation || (after.seed == before.seed && after.auth == before.auth);
}

}  // namespace

Result<ReadKeyring> read_keyring(const Sealed& bytes) {
  auto decoded = wire::decode_keyring_header(bytes.view());
  if (!decoded) return decoded.error();
  const auto& header = decoded->header;
  KeyringVersion version{bytes, crypto::keyring_hash(bytes.view()), {header.suite, header.seed, header.auth}, {}};
  if (!header.siblings.empty()) version.replaces = header.siblings.front();
  return ReadKeyring{std::move(decoded->header), std::move(version)};
}

Result<void> check_first(const ReadKeyring& keyring) {
  if (keyring.header.version != 1 || keyring.header.generation != 1) return Errc::tamper;
  const auto in = read_signatures(keyring);
  if (!in) return in.error();
  if (in->trailer.signatures.size() != 1 || !signed_by(*in, 0, KeyringRole::own, keyring.header.auth))
    return Errc::tamper;
  const bool all_active = std::ranges::all_of(keyring.header.devices, &wire::PublicDevice::may_write);
  if (!all_active || !is_sound(keyring.header, false)) return WireErrc::keyring_devices;
  return {};
}

Result<void> check_successor(const wire::KeyringHeader& previous, const ReadKeyring& keyring) {
  const auto& next = keyring.header;
  if (next.account != previous.account || next.vault != previous.vault) return Errc::tamper;
  if (next.generation < previous.generation || next.generation - previous.generation > 1) return Errc::tamper;
  if (next.auth != previous.auth && next.seed == previous.seed) return Errc::tamper;
  if (next.suite != previous.suite || !is_kept(previous, next)) return Errc::tamper;
  const auto in = read_signatures(keyring);
  if (!in) return in.error();
  if (!is_authorised(*in, previous, next)) return Errc::tamper;
  if (!devices_grow(previous, next) || !is_sound(next, next.generation != previous.generation))
    return WireErrc::keyring_devices;
  if (!wire::slots_follow(previous, next)) return WireErrc::keyring_devices;
  return {};
}

Result<std::vector<ReadCommit>> read_commits(const VaultId& vault, const DeviceId& device,
                                             const std::vector<Sealed>& bytes) {
  if (bytes.empty()) return Errc::usage;
  std::vector<ReadCommit> out;
  for (const auto& commit : bytes) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header) return header.error();
    if (header->vault != vault || header->device != device) return Errc::tamper;
    const bool jumps = header->kind == wire::CommitKind::jump;
    if (!out.empty() && header->seq != out.back().header.seq + 1 && !jumps) return Errc::tamper;
    out.push_back({*header, {commit, crypto::commit_hash(commit.view()), header->prev}});
    if (jumps) out.back().commit.jump = Jump{header->seq, header->after};
  }
  return out;
}

bool is_signed(const std::vector<ReadCommit>& commits, const SignKey& sig) {
  return !commits.empty() && crypto::verify_commit_signature(sig, commits.back().commit.bytes.view());
}

}  // namespace vault::server
