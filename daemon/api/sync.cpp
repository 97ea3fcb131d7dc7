// SPDX-License-Identifier: Apache-2.0
#include "ipc/api/sync.hpp"
#include "daemon/api/methods.hpp"
#include "ipc/api/device.hpp"

namespace vault::daemon {

using namespace ipc;

void register_sync_methods(Registry& registry, App& app) {
  registry.on(methods::sync_now, [&app](SyncParams p, Call& call) -> asio::awaitable<Result<SyncResult>> {
    const auto sync = app.sync();
    if (!sync) co_return sync.error();
    const auto timeout = std::chrono::seconds{std::min<std::uint64_t>(p.timeout_seconds.value_or(60), 24 * 3600)};
    const auto counts = co_await (*sync)->now(timeout, p.timeout_seconds.has_value());
    if (!counts) tell_ca_file(call, counts.error(), (*app.device())->profile.ca_file);
    if (!counts) co_return counts.error();
    co_return SyncResult{counts->pulled, counts->pushed};
  });

  registry.on(methods::device_list, [&app](Nothing) -> asio::awaitable<Result<DeviceListResult>> {
    const auto device = app.device();
    if (!device) co_return device.error();
    co_return DeviceListResult{devices_of(**device)};
  });
}

}  // namespace vault::daemon
