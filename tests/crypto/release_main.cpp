// SPDX-License-Identifier: Apache-2.0
// A program that seals and opens, linked as a release is: tests/crypto/seams.cmake looks at what is in it.
#include "crypto/fresh.hpp"
#include "crypto/local.hpp"

using namespace vault;
using namespace vault::crypto;

namespace {

bool opens_what_it_seals() {
  const auto password = Password::from(Secret::copy_of("correct horse"));
  const auto root = derive_root(*password, default_suite, "alice", VaultId{}, Seed{});
  const auto key = new_vault_key(*root, VaultId{}).local(VaultId{});
  const auto sealed = seal_local(key, {.suite = default_suite}, bytes_of("hello"));
  return open_local(key, sealed.view())->content.text() == "hello";
}

}  // namespace

// Exits 0 if that works with the real costs and random source, and if the suite of the tests is unknown here.
int main() {
  const bool one_suite = is_known_suite(1) && !is_known_suite(0xFE) && seams::default_suite() == 1;
  return one_suite && opens_what_it_seals() ? 0 : 1;
}
