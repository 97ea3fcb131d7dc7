// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "ctl/command_line.hpp"

int main(int argc, char** argv) {
  try {
    return vault::ctl::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "vaultctl: %s\n", error.what());
    return 1;
  }
}
