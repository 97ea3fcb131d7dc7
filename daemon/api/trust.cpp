// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/trust.hpp"
#include "base/fault_point.hpp"
#include "base/hex.hpp"
#include "crypto/tags.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/repair/repair.hpp"
#include "daemon/repair/reunion.hpp"
#include "daemon/sync/state_code.hpp"
#include "ipc/api/trust.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;
using namespace std::chrono_literals;

// for a server that may be away
std::chrono::seconds short_patience() { return std::min<std::chrono::seconds>(15s, patience_of_a_person()); }

DeviceName device_name(const Keychain& keychain, const DeviceId& id) {
  const auto* entry = keychain.device(id);
  return {hex(id), entry != nullptr ? entry->name : ""};
}

asio::awaitable<Result<SyncCounts>> sync_soon(App& app) {
  const auto sync = app.sync();
  if (!sync) co_return sync.error();
  co_return co_await (*sync)->now(short_patience());
}

asio::awaitable<Result<VerifyResult>> show_code(App& app) {
  const auto device = app.device();
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto sync = app.sync();
  const auto made = co_await make_state_code(*device, sync ? *sync : nullptr, short_patience());
  if (!made) co_return class_of(made.error()) == Errc::offline ? make_error_code(DaemonErrc::code_none) : made.error();
  co_return VerifyResult{made->code, device_name(*(*vault)->keychain, (*device)->profile.device), made->is_present,
                         time_text(made->time)};
}

asio::awaitable<Result<std::optional<DeviceId>>> look_for(App& app, std::string code) {
  const auto device = app.device();
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  std::map<DeviceId, Head> verified;
  for (const auto& [id, chain] : (*vault)->ledger) verified[id] = chain.head;
  auto look = [store = (*device)->store, keychain = (*vault)->keychain, verified = std::move(verified), code] {
    return find_code(*store, *keychain, verified, code);
  };
  co_return co_await run_on((*device)->threads.reader, std::move(look));
}

// Compares a code. Syncs first if it is unknown: another device may have just made it.
asio::awaitable<Result<VerifyResult>> compare_code(App& app, std::string code) {
  auto maker = co_await look_for(app, code);
  if (!maker) co_return maker.error();
  if (!*maker) {
    const auto synced = co_await sync_soon(app);
    maker = co_await look_for(app, code);
    if (!maker) co_return maker.error();
    if (!*maker) co_return synced ? DaemonErrc::code_unknown : DaemonErrc::code_unknown_here;
  }
  const auto device = app.device();
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  if (**maker != (*device)->profile.device && (*device)->standing.unconfirmed)
    if (const auto kept = co_await (*device)->remember([](Standing& s) { s.unconfirmed = false; }); !kept)
      co_return kept.error();
  co_return VerifyResult{std::move(code), device_name(*(*vault)->keychain, **maker), std::nullopt, std::nullopt};
}

RepairResult result_of(const Loss& loss) {
  RepairResult out;
  out.account = loss.account;
  out.device = loss.device;
  out.keyrings = loss.keyrings;
  out.commits = loss.commits;
  out.chains = loss.chains.size();
  return out;
}

asio::awaitable<Result<RepairResult>> try_repair(LocalVault& device, Sync& sync) {
  const auto turn = co_await sync.pause();
  Repair repair{device, sync.http(), {}};
  const auto loss = co_await repair.survey();
  if (!loss && loss.error() != DaemonErrc::branches_apart) co_return loss.error();
  auto out = result_of(loss ? *loss : Loss{});
  out.siblings = loss ? 0 : 1;
  out.password = !loss || device.standing.distrust == Errc::fork;
  co_return out;
}

// Turns a remembered fork into a rollback once the password has forgiven it. A pull that shows everything ends that.
asio::awaitable<Result<void>> forgive(LocalVault& device, bool proved) {
  if (device.standing.distrust != Errc::fork) co_return Result<void>{};
  if (!proved) co_return DaemonErrc::repair_password;
  const auto kept = co_await device.remember([](Standing& s) { s.distrust = Errc::rollback; });
  fault_point("repair.forgiven");
  co_return kept;
}

using Root = std::shared_ptr<const crypto::RootKey>;

asio::awaitable<Result<RepairResult>> send_all(LocalVault& device, Sync& sync, Bytes invitation, Root root) {
  const auto turn = co_await sync.pause();
  Repair repair{device, sync.http(), std::move(invitation)};
  std::uint64_t siblings = 0;
  auto loss = co_await repair.send();
  if (!loss && loss.error() == DaemonErrc::branches_apart) {
    if (!root) co_return DaemonErrc::repair_password;
    Reunion reunion{device, sync.http(), root};
    const auto joined = co_await reunion.run();
    if (!joined) co_return joined.error();
    siblings = *joined;
    loss = co_await repair.send();
  }
  if (!loss) co_return loss.error();
  if (const auto done = co_await forgive(device, root != nullptr); !done) co_return done.error();
  auto out = result_of(*loss);
  out.siblings = siblings;
  co_return out;
}

asio::awaitable<Result<RepairResult>> repair(App& app, RepairParams p, App::Peer peer) {
  const auto device = app.device();
  if (!device) co_return device.error();
  const auto sync = app.sync();
  if (!sync) co_return sync.error();
  if (p.dry_run.value_or(false)) co_return co_await try_repair(**device, **sync);
  Root root;
  if (p.password) {
    auto proved = co_await app.prove(std::move(*p.password), peer);
    if (!proved) co_return proved.error();
    root = std::move(*proved);
    // From here on it may be cut
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  }
  Bytes invitation;
  if (p.invite) invitation.assign(p.invite->begin(), p.invite->end());
  const auto sent = co_await send_all(**device, **sync, std::move(invitation), std::move(root));
  if (!sent) co_return sent.error();
  const auto synced = co_await (*sync)->now(60s);
  if (!synced) co_return synced.error();
  co_return *sent;
}

}  // namespace

void register_trust_methods(Registry& registry, App& app) {
  registry.on(methods::trust_verify, [&app](VerifyParams p) -> asio::awaitable<Result<VerifyResult>> {
    if (p.code) return compare_code(app, *p.code);
    return show_code(app);
  });

  registry.on(methods::trust_repair, [&app](RepairParams p, Call& call) -> asio::awaitable<Result<RepairResult>> {
    return repair(app, std::move(p), call.peer);
  });
}

}  // namespace vault::daemon
