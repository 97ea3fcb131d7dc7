// SPDX-License-Identifier: Apache-2.0
// What a process that will hold secrets does first: no core dumps, not traceable by its own user, no new
// privileges, files private by default.
#pragma once

namespace vault {

void harden_process();

}  // namespace vault
