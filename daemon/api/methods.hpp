// SPDX-License-Identifier: Apache-2.0
// Declares the handlers of ipc/api.hpp, by subject. They only translate between the API's types and the daemon's.
#pragma once

#include <string>

#include "daemon/api/metrics.hpp"
#include "daemon/app/app.hpp"
#include "ipc/api/device.hpp"
#include "ipc/api/status.hpp"
#include "ipc/registry.hpp"

namespace vault::daemon {

// Registers a handler for every method of the API except daemon.metrics. Requires: both outlive the calls.
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
void register_metrics(ipc::Registry& registry, const App& app, Vitals vitals);  // requires: `vitals` outlive the calls

// Returns what `vaultctl status` shows.
ipc::Status status(const App& app);
std::vector<ipc::Device> devices_of(const LocalVault& device);

// Returns the machine's name, as a person would call this device.
std::string default_device_name();

// Adds the file to the error's details if the error is about the file that --ca named.
void tell_ca_file(ipc::Call& call, const boost::system::error_code& error, const std::string& ca_file);

// Returns what of a sheet goes over the socket and onto paper.
ipc::RecoverySheet sheet_result(const MadeSheet& made, const Profile& profile);

}  // namespace vault::daemon
