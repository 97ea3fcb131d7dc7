// SPDX-License-Identifier: Apache-2.0
// Reads vaultctl's command line, runs the command and returns the exit code.
#pragma once

namespace vault::ctl {

int run(int argc, const char* const* argv);

}  // namespace vault::ctl
