// SPDX-License-Identifier: Apache-2.0
// What the state code of a recovery sheet must be found in: a history that goes on from what the sheet was printed of.
#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/trust.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;

namespace sheet_code_test {
namespace {

std::string code_of(Household& home, std::size_t device) {
  return crypto::state_code(home.terms().vault, crypto::commit_hash(home.chain(device).back().view()));
}

Result<void> look(const Household& home, const std::string& code) {
  const TempFolder folder;
  auto store = open_store(folder);
  home.store_in(store);
  return daemon::find_sheet_code(store, *home.keychain, home.heads(), code);
}

}  // namespace

TEST_CASE("the state code of a sheet is found, also when the device that printed it has ended since, and no other is") {
  Household home{2};
  home.epoch(0);
  home.epoch(1);
  home.checkpoint(1, {{home.id(0), home.head(0)}});
  const auto code = code_of(home, 1);
  home.put(1, "later");
  CHECK(look(home, code));
  home.revoke(1, home.head(1));
  CHECK(look(home, code));
  CHECK(look(home, "00000 00000 00000 00000").error() == DaemonErrc::code_unknown);
}

TEST_CASE("the state code of a commit that is no checkpoint is not a sheet's") {
  Household home;
  home.epoch(0);
  home.put(0, "an item");
  CHECK(look(home, code_of(home, 0)).error() == DaemonErrc::code_unknown);
}

TEST_CASE("a checkpoint under a keyring version that only stands beside the history as a sibling counts for nothing") {
  Household home{2};
  home.epoch(0);
  const auto beside = of_byte<Hash>(0x42);
  home.accept(home.next_keyring([&](wire::KeyringHeader& header, auto&) { header.siblings = {beside}; }).value());
  home.checkpoint(0, {}, [&](wire::CommitHeader& header) {
    header.keyring_version = 2;
    header.keyring_hash = beside;
  });
  REQUIRE(home.keychain->has(2, beside));
  CHECK(look(home, code_of(home, 0)).error() == DaemonErrc::code_unknown);
}

}  // namespace sheet_code_test
