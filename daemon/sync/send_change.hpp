// SPDX-License-Identifier: Apache-2.0
// Sends the change of the keyring that waits. wire/PROTOCOL.md §6, "A change".
#pragma once

#include "daemon/remote/remote.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Tries once to send the waiting change. Done: the server has it. Refused: the server has another version there, or
// will not take this one. Errors: those of Remote; then nobody knows whether the server has it.
enum class Sent { done, refused };
asio::awaitable<Result<Sent>> send_change(std::shared_ptr<LocalVault> device, Remote& remote, wire::KeyringHead served);

}  // namespace vault::daemon
