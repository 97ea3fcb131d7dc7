// SPDX-License-Identifier: Apache-2.0
// Writes the daemon's numbers, for `vaultctl metrics` and monitoring. No names, and nothing about a single item. What
// is secret while the vault is locked is then left out.
#pragma once

#include <functional>
#include <string>

#include "daemon/os/loop.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

class App;

// Holds what is measured outside of the App.
struct Vitals {
  const Turns& turns;
  const ipc::Registry& registry;
  std::function<std::size_t()> connections;
};

std::string metrics_text(const App& app, const Vitals& vitals);

}  // namespace vault::daemon
