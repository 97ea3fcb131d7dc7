#include "server/checks.hpp"

#include "base/limits.hpp"
#include "crypto/keyring_trailer.hpp"
#include "crypto/verify.hpp"

namespace vault::server {
namespace {

using crypto::KeyringRole;

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
  const auto prefix = bytes.first(trailer->signed_size);
  return Signed{prefix, std::move(*trailer)};
}

bool signed_by(const Signed& in, std::size_t which, KeyringRole role, const SignKey& key) {
  if (which >= in.trailer.signatures.size()) return false;
  const auto& signature = in.trailer.signatures[which];
  return signature.role == role && crypto::verify_keyring_signature(key, in.prefix, signature.signature);
}

// A recovery may stand for the old password only if it replaces all that the old one and the old sheet reached.
// That the seed is another follows from the password being one.
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
  return {};
}

Result<void> check_successor(const wire::KeyringHeader& previous, const ReadKeyring& keyring) {
  const auto& next = keyring.header;
  if (next.account != previous.account || next.vault != previous.vault) return Errc::tamper;
  if (next.generation < previous.generation || next.generation - previous.generation > 1) return Errc::tamper;
  if (next.auth != previous.auth && next.seed == previous.seed) return Errc::tamper;
  const auto in = read_signatures(keyring);
  if (!in) return in.error();
  if (!is_authorised(*in, previous, next)) return Errc::tamper;
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

}  // namespace vault::server
