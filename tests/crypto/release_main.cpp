// A program that seals, linked as a release is: tests/crypto/seams.cmake looks at what is in it.
#include "crypto/fresh.hpp"
#include "crypto/suite.hpp"

using namespace vault;
using namespace vault::crypto;

// Exits 0 if the random source works, and the suite of the tests is unknown here.
int main() {
  const bool random = new_vault_id({}, 0) != new_vault_id({}, 0);
  const bool one_suite = is_known_suite(1) && !is_known_suite(0xFE) && seams::default_suite() == 1;
  return random && one_suite ? 0 : 1;
}
