// SPDX-License-Identifier: Apache-2.0
// The daemon's numbers, for `vaultctl metrics` and whatever scrapes them. No names, and nothing of one item; what is
// secret while the vault is locked is left out then.
#pragma once

#include <functional>
#include <string>

#include "daemon/os/loop.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

class App;

// What is measured outside of the App.
struct Vitals {
  const Turns& turns;
  const ipc::Registry& registry;
  std::function<std::size_t()> connections;
};

std::string metrics_text(const App& app, const Vitals& vitals);

}  // namespace vault::daemon
