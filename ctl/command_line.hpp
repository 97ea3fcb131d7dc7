// SPDX-License-Identifier: Apache-2.0
// vaultctl's command line: reads it, runs the command, returns the exit code.
#pragma once

namespace vault::ctl {

int run(int argc, const char* const* argv);

}  // namespace vault::ctl
