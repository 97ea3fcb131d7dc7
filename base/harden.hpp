// SPDX-License-Identifier: Apache-2.0
// Hardens a process that will hold secrets, as its first act: no core dumps, no tracing by its own user, no new
// privileges, and files that are private by default.
#pragma once

namespace vault {

void harden_process();

}  // namespace vault
