// SPDX-License-Identifier: Apache-2.0
// The handlers of ipc/api.hpp, by subject. Thin: they translate between the API's types and the daemon's.
#pragma once

#include <string>

#include "daemon/api/metrics.hpp"
#include "daemon/app/app.hpp"
#include "ipc/api.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

// Puts a handler behind every method of the API but daemon.metrics. Requires: both outlive the calls.
void serve(ipc::Registry& registry, App& app);

void register_vault_methods(ipc::Registry& registry, App& app);
void register_item_methods(ipc::Registry& registry, App& app);
void register_history_methods(ipc::Registry& registry, App& app);
void register_conflict_methods(ipc::Registry& registry, App& app);
void register_blob_methods(ipc::Registry& registry, App& app);
void register_sync_methods(ipc::Registry& registry, App& app);
void register_keyring_methods(ipc::Registry& registry, App& app);
void register_trust_methods(ipc::Registry& registry, App& app);
void register_recovery_methods(ipc::Registry& registry, App& app);
void register_metrics(ipc::Registry& registry, const App& app, Vitals vitals);  // which outlive the registry's calls

// What `vaultctl status` shows.
ipc::Status status(const App& app);
std::vector<ipc::Device> devices_of(const LocalVault& device);

// What a person would call this device: the machine's name.
std::string default_device_name();

// Names the file to whoever called, where the error is about the one that --ca named.
void tell_ca_file(ipc::Call& call, const boost::system::error_code& error, const std::string& ca_file);

// What of a sheet goes over the socket, and from there to paper.
ipc::RecoverySheet sheet_result(const MadeSheet& made, const Profile& profile);

}  // namespace vault::daemon
