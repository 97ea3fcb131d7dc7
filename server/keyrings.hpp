// SPDX-License-Identifier: Apache-2.0
// Stores keyring versions and the accounts that they begin, after checking that each may follow what is stored. All of
// it runs on the storage's writer thread.
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"
#include "server/storage.hpp"
#include "server/target.hpp"
#include "wire/messages.hpp"

namespace vault::server {

// Names where a chain must end for a keyring version to be stored, so that its author knew all that it cuts off.
struct ChainEnd {
  DeviceId device;
  Head head;
};

// Returns what the parameters chain=ID and head=SEQ-HASH say, or nothing if there are none. Errors: usage.
Result<std::optional<ChainEnd>> chain_end(const Target& target);

// Stores the next keyring version of account `name`. The answer holds the newest head: as conflict if `bytes` do not
// follow it, or if the chain of `wanted` ends elsewhere. Errors: auth, tamper, storage.
Result<wire::HttpResponse> replace_keyring(Storage& storage, const std::string& name, const Sealed& bytes,
                                           const std::optional<ChainEnd>& wanted);

// Says whether an account may be new, or must have been registered before with the same first keyring version.
enum class Registered { now, before };

// Creates an account with its first keyring version, and stores the versions after it that are missing.
// Errors: tamper, registration_closed, account_exists, invite_needed, storage.
Result<wire::HttpResponse> create(Storage& storage, const wire::CreateAccount& asked,
                                  const std::optional<Hash>& invitation, Registered may);

}  // namespace vault::server
