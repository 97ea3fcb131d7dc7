// SPDX-License-Identifier: Apache-2.0
// The witness beside the database: what it says is believed only with its MAC, and what it does not fit is an older
// state.
#include "daemon/state/anchor.hpp"

#include <fstream>

#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::Anchor;
using daemon::IdentityReason;
using daemon::OwnState;
using daemon::read_anchor;

namespace anchor_test {
namespace {

// A chain of three commits in a database, and an anchor file beside it.
struct Witnessed {
  Household home;
  TempFolder folder;
  std::optional<store::Store> store;
  Anchor anchor{folder.path()};

  Witnessed() {
    home.epoch(0);
    home.put(0, "a");
    home.put(0, "b");
    store.emplace(open_store(folder));
    home.store_in(*store);
    REQUIRE(store->write([this](store::WriteTxn& tx) {
      tx.put(store::heads, home.id(0), home.head(0));
      daemon::put_number(tx, daemon::meta::counter, 3);
    }));
  }

  OwnState at(std::uint64_t seq) const { return {home.id(0), home.head_at(0, seq), seq, print}; }
  void settle(const OwnState& state) { REQUIRE(anchor.settle(*home.keychain, state)); }

  IdentityReason judge(const Hash& fingerprint) const {
    const auto found = read_anchor(folder.path(), *home.keychain);
    const auto judged = store->read([&](const store::ReadTxn& tx) {
      return judge_own_state(tx, found, daemon::own_state(tx, home.id(0), fingerprint));
    });
    return judged.value();
  }
  IdentityReason judge() const { return judge(print); }

  void overwrite(std::streamoff at, char byte) const {
    std::fstream file{folder.path() / "anchor", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(at);
    file.put(byte);
    REQUIRE(file.good());
  }

  Hash print = of_byte<Hash>(5);
};

}  // namespace

TEST_CASE("a database that is the anchor's, or has gone on from it, is what a crash leaves at the most") {
  Witnessed w;
  w.settle(w.at(3));
  CHECK(w.judge() == IdentityReason::none);
  w.settle(w.at(1));
  CHECK(w.judge() == IdentityReason::none);
  w.settle({w.home.id(0), {}, 0, w.print});  // from before the first commit
  CHECK(w.judge() == IdentityReason::none);
}

TEST_CASE("a database behind its anchor, or on another branch, is an older state") {
  Witnessed w;
  w.settle({w.home.id(0), {4, of_byte<Hash>(1)}, 4, w.print});
  CHECK(w.judge() == IdentityReason::behind);
  w.settle({w.home.id(0), {2, of_byte<Hash>(1)}, 2, w.print});
  CHECK(w.judge() == IdentityReason::behind);
  auto counted_on = w.at(3);
  counted_on.counter = 4;
  w.settle(counted_on);
  CHECK(w.judge() == IdentityReason::behind);
}

TEST_CASE("an anchor of another device is one of a newer identity, unless it was this device's own before") {
  Witnessed w;
  auto other = w.at(3);
  other.device = of_byte<DeviceId>(9);
  w.settle(other);
  CHECK(w.judge() == IdentityReason::behind);
  REQUIRE(w.store->write([&](store::WriteTxn& tx) { tx.put(store::formers, other.device, {1, 1}); }));
  CHECK(w.judge() == IdentityReason::none);
}

TEST_CASE("another machine or folder is noticed, whatever the database says") {
  Witnessed w;
  w.settle(w.at(3));
  CHECK(w.judge(of_byte<Hash>(6)) == IdentityReason::fingerprint);
}

TEST_CASE("an anchor that is gone, or that these keys have not made, is no witness") {
  Witnessed w;
  CHECK(w.judge() == IdentityReason::anchor);
  w.settle(w.at(3));
  const Household strangers;
  CHECK_FALSE(read_anchor(w.folder.path(), *strangers.keychain));
  for (const std::streamoff offset : {14 + 4096, 20 + 4096, 60 + 4096, 100 + 4096, 145 + 4096}) {
    Witnessed one;
    one.settle(one.at(3));  // serial 1, in the second slot
    REQUIRE(one.judge() == IdentityReason::none);
    one.overwrite(offset, '\x7f');
    CHECK(one.judge() == IdentityReason::anchor);
  }
}

TEST_CASE("of two slots the newer one counts; torn, it leaves the one before") {
  Witnessed w;
  w.settle(w.at(1));
  w.settle({w.home.id(0), {9, of_byte<Hash>(1)}, 9, w.print});  // serial 2, in the first slot
  CHECK(w.judge() == IdentityReason::behind);
  w.overwrite(60, '\x7f');
  CHECK(w.judge() == IdentityReason::none);
}

TEST_CASE("what is noted is in the file after the flush, and a slot moved to another serial is refused") {
  Witnessed w;
  w.settle(w.at(1));
  w.anchor.note(*w.home.keychain, w.at(3));
  CHECK(read_anchor(w.folder.path(), *w.home.keychain)->head.seq == 1);
  REQUIRE(w.anchor.flush());
  CHECK(read_anchor(w.folder.path(), *w.home.keychain)->head.seq == 3);
  w.overwrite(11, 4);  // the last byte of the serial in the first slot: 2 becomes 4
  CHECK(read_anchor(w.folder.path(), *w.home.keychain)->head.seq == 1);
}

}  // namespace anchor_test
