// SPDX-License-Identifier: Apache-2.0
// A disk, or whatever is between, that says "failed" of what it has kept.
#include "store/errc.hpp"
#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::tests;

namespace false_failure_test {
namespace {

daemon::CommitPlan next_plan(const OpenVault& open) {
  const auto seq = open.vault->next_seq();
  const std::vector<crypto::RecordDraft> drafts{{.name = "kept", .clock = 1, .wall_ms = 1, .value = bytes_of("kept")}};
  auto data = encode_data({}, drafts, open.vault->self(), seq, open.vault->keychain->version_checks());
  return {.keys = open.vault->identity,
          .keychain = open.vault->keychain,
          .seq = seq,
          .content = std::move(data.value().content)};
}

asio::awaitable<void> store_without_a_word(OpenVault& open, daemon::CommitPlan& plan) {
  auto body = [&plan](store::WriteTxn& tx) { return write_commit(tx, plan); };
  const auto written = co_await open.writer->write(std::move(body));
  CHECK(written);
}

Head stored_head(const OpenVault& open) {
  return open.store->read([&open](const store::ReadTxn& tx) { return tx.get(store::heads, open.vault->self()); })
      .value()
      .value();
}

}  // namespace

TEST_CASE("what was said to have failed and is there all the same is followed by nothing, so no seq serves twice") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  REQUIRE(open.write(put_of("before", "one")));
  auto plan = next_plan(open);
  daemon::spawn(open.io.get_executor(), "a write", store_without_a_word(open, plan));
  open.run();
  const auto head = stored_head(open);
  CHECK(head.seq == plan.seq);
  CHECK(open.write(put_of("after", "two")).error() == StoreErrc::store_damaged);
  CHECK(stored_head(open) == head);
  CHECK(open.failures == 1);
}

}  // namespace false_failure_test
