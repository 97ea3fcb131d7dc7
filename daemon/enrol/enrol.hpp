// SPDX-License-Identifier: Apache-2.0
// Makes this a device of a vault: a new vault, or one joined with the password alone.
//
// Both end with a keyring version that names this device. It is stored here before it is sent, so doing it again
// repairs a cut at any point: the same bytes are sent until the server has them or another version is verified in their
// place. A device's keys are made here, for this enrolment, and never taken from anywhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/remote/pull.hpp"
#include "daemon/remote/remote.hpp"
#include "daemon/vault/local_vault.hpp"
#include "http/client.hpp"

namespace vault::daemon {

struct EnrolRequest {
  std::string server, account;
  Secret password;
  std::string device_name;
  std::string ca_file;
  Bytes invitation;                   // create only
  std::optional<std::string> expect;  // join only: a state code that the history must contain
};

// Holds the device, unlocked, its first commit waiting to be pushed.
using Enrolled = Result<std::shared_ptr<LocalVault>>;

// Makes a vault. Errors: account_exists, registration_closed, invite_needed; for names and passwords; offline; storage.
asio::awaitable<Enrolled> create_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                       EnrolRequest request);

// Joins a vault. Errors: auth for a wrong password, account or vault, and then nothing was stored; those of a pull;
// code_unknown; offline; storage.
asio::awaitable<Enrolled> join_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                     EnrolRequest request);

}  // namespace vault::daemon
