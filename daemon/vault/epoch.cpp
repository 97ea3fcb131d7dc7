// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/epoch.hpp"

#include "daemon/os/wall_time.hpp"
namespace vault::daemon {
namespace {

using crypto::Identity;

asio::awaitable<void> apply(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Identity> identity,
                            std::uint32_t generation, Written written) {
  vault->written_epoch(std::move(identity), generation, written.head, written.counter_end);
  co_return;
}

}  // namespace

std::shared_ptr<const Identity> next_identity(const Unlocked& vault) {
  const auto& keyring = vault.keychain->head();
  return std::make_shared<const Identity>(
      next_epoch(*vault.identity, {.vault_key = vault.keychain->newest_vault_key(),
                                   .vault = keyring.vault,
                                   .previous = vault.self(),
                                   .previous_counter = vault.own_chain().counter_end,
                                   .keyring_hash = vault.keychain->head_hash(),
                                   .fingerprint = vault.fingerprint,
                                   .time_ms = wall_time()}));
}

void open_due_epoch(const std::shared_ptr<Unlocked>& vault, Writer& writer) {
  if (!vault->needs_epoch()) return;
  const auto identity = next_identity(*vault);
  const auto keychain = vault->keychain;
  const auto& keyring = keychain->head();
  const auto seen = vault->unseen();
  const auto local = keychain->newest_vault_key().local(keyring.vault);
  CommitPlan plan{.keys = identity,
                  .keychain = keychain,
                  .kind = wire::CommitKind::epoch,
                  .seq = vault->next_seq(),
                  .content = Secret::copy_of(crypto::encode_seen(seen)),
                  .identity = seal_identity(local, keyring.suite, keyring.vault, keyring.generation, *identity)};
  vault->planned(seen);
  vault->planned_epoch(identity);
  writer.enqueue(std::move(plan), [vault, identity, generation = keyring.generation](Written written) {
    return apply(vault, identity, generation, written);
  });
}

}  // namespace vault::daemon
