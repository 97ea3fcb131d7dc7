// SPDX-License-Identifier: Apache-2.0
// What a server does, counted: the linker puts these between the server's objects and LMDB, HMAC and Ed25519
// (--wrap, see CMakeLists.txt).
#pragma once

#include <string>
#include <vector>

namespace vault::tests {

// While it lives, notes each look into the database with the length of its key, each MAC and each verification with
// the lengths of what goes in, in their order.
class Counted {
 public:
  Counted();
  ~Counted();
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  std::vector<std::string> work;
};

}  // namespace vault::tests
