// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/trust.hpp"

#include <algorithm>

#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/epoch.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

bool is_long_ago(std::uint64_t time, std::uint64_t now) { return now > time && now - time > silence_ms; }

// True if the newest commit of the chain shows that its device knows `self`.
bool knows(const ChainState& chain, const DeviceId& self, const crypto::KeyringDevice* own) {
  return chain.named.contains(self) || (own != nullptr && chain.keyring_version >= own->joined_version);
}

bool is_active(const Keychain& keychain, const DeviceId& id) {
  const auto* device = keychain.device(id);
  return device != nullptr && device->active;
}

asio::awaitable<Result<Head>> write_seen(std::shared_ptr<Unlocked> vault, Writer& writer, wire::CommitKind kind) {
  open_due_epoch(vault, writer);
  const auto seen = kind == wire::CommitKind::checkpoint ? vault->all_seen() : vault->unseen();
  const auto seq = vault->next_seq();
  vault->planned(seen);
  CommitPlan plan{.keys = vault->identity,
                  .keychain = vault->keychain,
                  .kind = kind,
                  .seq = seq,
                  .content = crypto::encode_ack(seen)};
  Writer::Applied tell = [vault](Written w) -> asio::awaitable<void> {
    vault->written(w.head, w.counter_end);
    co_return;
  };
  const auto written = co_await writer.append(std::move(plan), std::move(tell));
  if (!written) co_return written.error();
  co_return written->head;
}

}  // namespace

bool is_unconfirmed(const LocalVault& device, std::uint64_t now) {
  const auto& standing = device.standing;
  const auto others = std::any_of(device.devices.begin(), device.devices.end(), [&device](const auto& one) {
    return one.may_write && one.id != device.profile.device;
  });
  return standing.unconfirmed || is_long_ago(standing.last_success, now) ||
         (others && is_long_ago(standing.heard, now));
}

void hear(Standing& standing, const Keychain& keychain, const DeviceId& self, const Ledger& before, const Ledger& after,
          std::uint64_t now) {
  standing.heard = now;
  for (const auto& [device, chain] : after) {
    const auto old = before.find(device);
    const bool moved = chain.head.seq > (old != before.end() ? old->second.head.seq : 0);
    if (!moved || device == self || !is_active(keychain, device) || !knows(chain, self, keychain.device(self)))
      continue;
    standing.confirmed[device] = now;
    standing.unconfirmed = false;
  }
}

asio::awaitable<Result<Head>> write_checkpoint(std::shared_ptr<Unlocked> vault, Writer& writer) {
  return write_seen(std::move(vault), writer, wire::CommitKind::checkpoint);
}

asio::awaitable<Result<Head>> write_ack(std::shared_ptr<Unlocked> vault, Writer& writer) {
  return write_seen(std::move(vault), writer, wire::CommitKind::ack);
}

bool is_same_code(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    std::string out{text};
    std::erase(out, ' ');
    return out;
  };
  return digits(a) == digits(b);
}

Result<std::optional<DeviceId>> find_code(const store::Store& store, const Keychain& keychain,
                                          const std::map<DeviceId, Head>& verified, const std::string& code) {
  const auto vault = keychain.head().vault;
  return store.read([&](const store::ReadTxn& tx) {
    std::optional<DeviceId> found;
    const auto look = [&](const store::Place& place, const Sealed& commit) {
      const auto header = wire::decode_commit_header(commit.view());
      const bool here = header && header->kind == wire::CommitKind::checkpoint &&
                        is_same_code(crypto::state_code(vault, crypto::commit_hash(commit.view())), code);
      if (here) found = place.device;
      return !here;
    };
    for (const auto& [device, head] : verified)
      if (!found && is_active(keychain, device))
        tx.scan(store::chains, store::Range<store::Place>::between({device, 1}, {device, head.seq + 1}), look);
    return found;
  });
}

Result<void> find_sheet_code(const store::Store& store, const Keychain& keychain,
                             const std::map<DeviceId, Head>& verified, const std::string& code) {
  const auto vault = keychain.head().vault;
  bool found = false;
  const auto look = [&](const store::Place&, const Sealed& commit) {
    const auto header = wire::decode_commit_header(commit.view());
    found = header && header->kind == wire::CommitKind::checkpoint &&
            keychain.hash_of(header->keyring_version) == header->keyring_hash &&
            is_same_code(crypto::state_code(vault, crypto::commit_hash(commit.view())), code);
    return !found;
  };
  const auto read = store.read([&](const store::ReadTxn& tx) {
    for (const auto& [device, head] : verified)
      if (!found)
        tx.scan(store::chains, store::Range<store::Place>::between({device, 1}, {device, head.seq + 1}), look);
  });
  if (!read) return read.error();
  return found ? Result<void>{} : DaemonErrc::code_unknown;
}

Result<std::string> find_any_code(const store::Store& store, const VaultId& vault,
                                  const std::map<DeviceId, Head>& verified) {
  std::optional<std::string> found;
  const auto look = [&](const store::Place&, const Sealed& commit) {
    const auto header = wire::decode_commit_header(commit.view());
    if (header && header->kind == wire::CommitKind::checkpoint)
      found = crypto::state_code(vault, crypto::commit_hash(commit.view()));
  };
  const auto read = store.read([&](const store::ReadTxn& tx) {
    for (const auto& [device, head] : verified)
      tx.scan(store::chains, store::Range<store::Place>::between({device, 1}, {device, head.seq + 1}), look);
  });
  if (!read) return read.error();
  return found ? Result<std::string>{std::move(*found)} : Result<std::string>{DaemonErrc::code_none};
}

std::uint64_t own_code_time(const store::ReadTxn& tx) { return get_number(tx, meta::checkpoint_time).value_or(0); }

std::optional<std::string> own_code(const store::ReadTxn& tx, const Profile& profile) {
  const auto seq = get_number(tx, meta::checkpoint);
  const auto commit = seq ? tx.get(store::chains, {profile.device, *seq}) : std::nullopt;
  if (!commit) return std::nullopt;
  const auto header = wire::decode_commit_header(commit->view());
  if (!header || header->kind != wire::CommitKind::checkpoint) return std::nullopt;
  return crypto::state_code(profile.vault, crypto::commit_hash(commit->view()));
}

}  // namespace vault::daemon
