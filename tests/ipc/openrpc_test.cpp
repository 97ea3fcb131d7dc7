// SPDX-License-Identifier: Apache-2.0
#include "ipc/openrpc.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"

TEST_CASE(
    "ipc/openrpc.json is what rpc.discover says; `VAULT_REGENERATE=1 test_ipc \"ipc/openrpc.json*\"` writes it anew") {
  const std::string path = VAULT_SOURCE_DIR "/ipc/openrpc.json";
  if (std::getenv("VAULT_REGENERATE") != nullptr) std::ofstream{path} << vault::ipc::openrpc_text();
  std::ostringstream file;
  file << std::ifstream{path}.rdbuf();
  CHECK(file.str() == vault::ipc::openrpc_text());
}
