// SPDX-License-Identifier: Apache-2.0
// Defines the local API: every method with the types of its params and its result.
//
// Each subject has a header below ipc/api/. There is no other description: the daemon decodes and encodes with these
// structs, vaultctl calls with them, and rpc.discover and openrpc.json are made from them. Params come by name; an
// unknown member is refused.
//
// Conventions: a device id is 32 lower-case hex digits. A version is an opaque text. Times are RFC 3339 in UTC with
// milliseconds ("2026-01-31T23:59:59.123Z"). A value is either `value`, UTF-8 text, or `value_base64`; a result uses
// the first whenever the bytes allow it. What must be wiped is a Secret, never a std::string.
#pragma once

#include <tuple>

#include "ipc/api/device.hpp"
#include "ipc/api/item.hpp"
#include "ipc/api/large_value.hpp"
#include "ipc/api/recovery.hpp"
#include "ipc/api/status.hpp"
#include "ipc/api/sync.hpp"
#include "ipc/api/trust.hpp"
#include "ipc/api/vault.hpp"

namespace vault::ipc::methods {

inline constexpr std::tuple all{
    vault_status,  vault_create,  vault_join,      vault_unlock,     vault_lock,     vault_change_password,
    device_revoke, device_rename, vault_export,    item_put,         item_get,       item_remove,
    item_history,  item_restore,  item_list,       item_put_many,    item_conflicts, item_resolve,
    blob_put,      blob_get,      blob_list,       blob_export,      sync_now,       device_list,
    trust_verify,  trust_repair,  recovery_create, recovery_confirm, recovery_read,  recovery_use,
    daemon_metrics};

}  // namespace vault::ipc::methods
