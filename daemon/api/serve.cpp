// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/methods.hpp"

namespace vault::daemon {

void serve(ipc::Registry& registry, App& app) {
  registry.on_use([&app](bool begins) { app.use(begins); });
  app.begin([&registry] { return registry.values().gone(); });
  register_vault_methods(registry, app);
  register_item_methods(registry, app);
  register_history_methods(registry, app);
  register_conflict_methods(registry, app);
  register_blob_methods(registry, app);
  register_sync_methods(registry, app);
  register_keyring_methods(registry, app);
  register_trust_methods(registry, app);
  register_recovery_methods(registry, app);
}

}  // namespace vault::daemon
