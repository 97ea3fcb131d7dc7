// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/metrics.hpp"

#include <array>
#include <fstream>

#include "base/metrics_text.hpp"
#include "daemon/api/methods.hpp"
#include "ipc/api/status.hpp"

namespace vault::daemon {
namespace {

using Seconds = std::chrono::duration<double>;

// Returns RssAnon: the bytes of memory of the process itself, without files. 0 if /proc is missing.
double anonymous_bytes() {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("RssAnon:")) return std::strtod(line.c_str() + 8, nullptr) * 1024;
  return 0;
}

void add_turns(MetricsText& out, const Turns& turns) {
  std::array<std::pair<double, std::uint64_t>, Turns::bounds> below;
  for (std::size_t i = 0; i < Turns::bounds; ++i) below[i] = {Seconds{Turns::bound(i)}.count(), turns.by_cpu[i]};
  out.histogram("loop_turn_seconds", "CPU time of each turn of the event loop.", below, turns.by_cpu.back(),
                Seconds{turns.cpu}.count());
  out.gauge("loop_longest_turn_seconds", "CPU time of the longest turn.", Seconds{turns.longest_cpu}.count());
  out.counter("loop_turns_slept", "Turns that waited for something but the loop.", turns.slept);
}

void add_calls(MetricsText& out, const ipc::CallCounts& counts) {
  const std::vector<std::pair<std::string_view, std::uint64_t>> calls{counts.calls.begin(), counts.calls.end()};
  const std::vector<std::pair<std::string_view, std::uint64_t>> failures{counts.failures.begin(),
                                                                         counts.failures.end()};
  out.counters("calls", "Calls answered, by method.", "method", calls);
  out.counters("calls_failed", "Calls refused, by class of the error.", "kind", failures);
}

void add_sync(MetricsText& out, const Sync& sync) {
  const auto& counts = sync.counts();
  out.counter("sync_rounds", "Rounds with the server, whatever came of them.", counts.rounds)
      .counter("sync_rounds_failed", "Rounds that failed.", counts.failed)
      .counter("sync_pulled", "Commits fetched.", counts.commits.pulled)
      .counter("sync_pushed", "Commits sent and acknowledged.", counts.commits.pushed)
      .counter("sync_chunks_sent", "Chunks of large values sent and acknowledged.", sync.uploads().counts().chunks)
      .gauge("sync_online", "1 if the last round reached the server.", sync.online() ? 1 : 0);
}

void add_vault(MetricsText& out, const App& app, const LocalVault& device) {
  const auto status = daemon::status(app);
  out.counter("disk_waits", "Transactions made durable.", device.store->durable_commits())
      .gauge("vault_unlocked", "1 while the vault is unlocked.", device.unlocked ? 1 : 0)
      .gauge("distrusted", "1 while the server is distrusted.", device.standing.distrust ? 1 : 0)
      .gauge("commits_pending", "Own commits that the server has not acknowledged.",
             static_cast<double>(status.sync.pending.value_or(0)))
      .gauge("last_success_timestamp_seconds", "When all that the server had was verified last, since 1970; 0: never.",
             static_cast<double>(device.standing.last_success) / 1000);
  out.counter("chunks_fetched", "Chunks of large values fetched from the server.", device.blobs.counts().fetched)
      .counter("blobs_evicted", "Copies of large values that made room for others.", device.blobs.counts().evicted)
      .gauge("blob_copies_bytes", "Room that copies of large values take.", static_cast<double>(device.blobs.copies()))
      .gauge("blob_pending_bytes", "Of large values, what the server has not got.",
             static_cast<double>(status.sync.pending_bytes.value_or(0)));
  if (!device.unlocked) return;
  out.gauge("items", "Items that exist.", static_cast<double>(status.items.value_or(0)))
      .gauge("conflicts", "Items with more than one head.", static_cast<double>(status.conflicts.value_or(0)));
}

}  // namespace

void register_metrics(ipc::Registry& registry, const App& app, Vitals vitals) {
  registry.on(ipc::methods::daemon_metrics,
              [&app, vitals = std::move(vitals)](ipc::Nothing) -> asio::awaitable<Result<ipc::MetricsResult>> {
                co_return ipc::MetricsResult{metrics_text(app, vitals)};
              });
}

std::string metrics_text(const App& app, const Vitals& vitals) {
  MetricsText out{"vaultd"};
  out.info("build", "The version of the program.", "version", VAULT_VERSION);
  out.gauge("memory_anonymous_bytes", "Memory of the process, besides files.", anonymous_bytes());
  out.gauge("connections", "Local programs connected.", static_cast<double>(vitals.connections()));
  add_turns(out, vitals.turns);
  add_calls(out, vitals.registry.counts());
  if (const auto sync = app.sync()) add_sync(out, **sync);
  if (const auto device = app.device()) add_vault(out, app, **device);
  return out.take();
}

}  // namespace vault::daemon
