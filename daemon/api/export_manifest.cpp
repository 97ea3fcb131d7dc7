// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/export_manifest.hpp"

#include "base/hex.hpp"
#include "crypto/sign.hpp"
#include "crypto/verify.hpp"
#include "daemon/state/profile.hpp"
#include "daemon/vault/trust.hpp"
#include "store/vault_tables.hpp"
#include "wire/export_manifest.hpp"

namespace vault::daemon {
namespace {

// Returns the newest version that an export has: one with a new identity counts before the server has it.
wire::KeyringHead newest_keyring(const store::ReadTxn& tx) {
  const auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
  if (!newest) return {};
  const auto unsent = get_unsent_identity(tx);
  if (unsent) return {newest->first + 1, crypto::keyring_hash(unsent->keyring.view())};
  return {newest->first, crypto::keyring_hash(newest->second.view())};
}

std::vector<wire::Heads::Chain> verified_heads(const store::ReadTxn& tx) {
  std::vector<wire::Heads::Chain> out;
  tx.scan(store::heads, store::Range<DeviceId>::all(), [&out](const DeviceId& device, const Head& head) {
    if (head.seq > 0) out.push_back({device, head});
  });
  return out;
}

Head acknowledged_checkpoint(const store::ReadTxn& tx, const Profile& profile) {
  const auto seq = get_number(tx, meta::checkpoint);
  const auto commit = seq ? tx.get(store::chains, {profile.device, *seq}) : std::nullopt;
  return commit && own_code(tx, profile) ? Head{*seq, crypto::commit_hash(commit->view())} : Head{};
}

ipc::ExportManifest for_a_person(const wire::ExportManifest& manifest, std::optional<std::string> state_code) {
  ipc::ExportManifest out{.commits = manifest.commits, .heads = {}, .state_code = std::move(state_code)};
  for (const auto& [device, head] : manifest.chains) out.heads.push_back({hex(device), head.seq});
  return out;
}

}  // namespace

std::optional<Manifest> make_manifest(const store::ReadTxn& tx, std::uint64_t commits, std::uint64_t now_ms) {
  const auto profile = get_profile(tx);
  const auto keyring = newest_keyring(tx);
  if (!profile || keyring.version == 0) return std::nullopt;
  const wire::ExportManifest manifest{.vault = profile->vault,
                                      .device = profile->device,
                                      .time = now_ms,
                                      .keyring = keyring,
                                      .commits = commits,
                                      .chains = verified_heads(tx),
                                      .checkpoint = acknowledged_checkpoint(tx, *profile)};
  auto bytes = wire::encode(manifest);
  const auto signature = crypto::RequestSigner::from_seed(profile->net).sign_manifest(bytes);
  return Manifest{wire::signed_manifest(std::move(bytes), signature), for_a_person(manifest, own_code(tx, *profile))};
}

}  // namespace vault::daemon
