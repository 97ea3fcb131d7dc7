// SPDX-License-Identifier: Apache-2.0
// Jumps, as a reader meets them: crypto/FORMAT.md §6, "Jumps" and "The end of a chain". What of them is void, and what
// of them is sent.
#include "daemon/remote/pull.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/vault/unsent.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::Verified;
using wire::CommitHeader;

namespace jump_test {
namespace {

Result<Verified> verified(const Household& home, std::map<DeviceId, Head> until, daemon::Ledger ledger = {}) {
  const TempFolder folder;
  auto store = open_store(folder);
  home.store_in(store);
  return daemon::verify(store, *home.keychain, std::move(ledger), until, {});
}
Result<Verified> verified(const Household& home) { return verified(home, home.heads()); }

// A chain of five under the first vault key: an epoch, then four writes.
Household five() {
  Household home{2};
  home.epoch(0);
  for (const auto* name : {"é/2", "ж/3", "日/4", "🗝/5"}) home.put(0, name);
  return home;
}

void forget(Household& home, std::initializer_list<std::uint64_t> seqs) {
  for (const auto seq : seqs) home.chain(0)[seq - 1] = {};
}

// The five, of which the last two were never sent, then a jump under a new vault key and what they wrote again.
Household jumped(const Household::BendHeader& bend = {}) {
  auto home = five();
  home.new_generation();
  home.jump(0, 3, {}, bend);
  home.put(0, "日/4");
  home.put(0, "🗝/5");
  return home;
}

}  // namespace

TEST_CASE("a reader goes on over what it never saw, whether or not it has some of it") {
  auto home = jumped();
  CHECK(verified(home)->findings.versions.size() == 6);  // of a chain without a gap all is applied
  forget(home, {5});
  CHECK(verified(home)->findings.versions.size() == 5);
  forget(home, {4});
  const auto read = verified(home);
  REQUIRE(read);
  CHECK(read->findings.versions.size() == 4);
  CHECK(read->ledger.at(home.id(0)).head == home.head(0));
}

TEST_CASE("what counts below a jump must be there, and be what the jump says") {
  auto home = jumped();
  forget(home, {3, 4, 5});
  CHECK(verified(home).error() == Errc::gap);
  auto other = jumped([](CommitHeader& h) { h.after.hash = of_byte<Hash>(9); });
  CHECK(verified(other).error() == Errc::fork);
  forget(other, {4, 5});
  CHECK(verified(other).error() == Errc::fork);
}

TEST_CASE("a jump that opens no later epoch, falls in its counter, or stands where a commit is, is tampering") {
  const auto bent = [](const Household::BendHeader& bend) {
    auto home = jumped(bend);
    forget(home, {4, 5});
    return verified(home);
  };
  CHECK(bent([](CommitHeader&) {}));
  CHECK(bent([](CommitHeader& h) { h.epoch = 1; }).error() == Errc::tamper);
  CHECK(bent([](CommitHeader& h) { h.counter = 1; }).error() == Errc::tamper);
  auto home = five();
  home.new_generation();
  home.jump(0, 3, {}, [](CommitHeader& h) { h.prev = of_byte<Hash>(9); });
  CHECK(verified(home).error() == Errc::tamper);  // its own commit five is another one
}

TEST_CASE("a void commit that somebody has is signed by its device, for no jump vouches for it") {
  auto home = jumped();
  forget(home, {5});
  CHECK(verified(home));
  Bytes bent(home.chain(0)[3].view().begin(), home.chain(0)[3].view().end());
  bent.back() ^= 1;
  home.chain(0)[3] = Sealed::from_untrusted(std::move(bent));
  CHECK(verified(home).error() == Errc::tamper);
}

TEST_CASE("a chain of which nothing was ever sent begins with a jump over nothing") {
  Household home{2};
  home.epoch(0);
  home.put(0, "é");
  home.new_generation();
  const auto enrolled = home.keychain->enrolment_hash(home.id(0));
  home.jump(0, 0);
  home.put(0, "é");
  forget(home, {1, 2});
  CHECK(verified(home)->findings.versions.size() == 1);
  Household other{2};
  other.epoch(0);
  other.new_generation();
  other.jump(0, 0, {}, [&](CommitHeader& h) { h.after.hash = h.prev; });
  forget(other, {1});
  CHECK(enrolled != Hash{});
  CHECK(verified(other).error() == Errc::tamper);
}

TEST_CASE("what others have seen of a void commit is no gap, and where two say what it was they agree") {
  auto home = jumped();
  const auto four = home.head_at(0, 4), five = home.head_at(0, 5);
  home.epoch(1, {{home.id(0), four}});
  forget(home, {4, 5});
  CHECK(verified(home));
  home.ack(1, {{home.id(0), five}});
  CHECK(verified(home));
  home.chain(1).pop_back();
  home.ack(1, {{home.id(0), {5, of_byte<Hash>(9)}}});
  CHECK(verified(home).error() == Errc::fork);  // the jump names the one before it
  auto held = jumped();
  forget(held, {5});
  held.epoch(1, {{held.id(0), {4, of_byte<Hash>(9)}}});
  CHECK(verified(held).error() == Errc::fork);
}

TEST_CASE("what a keyring names is never void by a jump that knows that keyring") {
  const auto with_named = [](std::uint64_t named) {
    auto home = five();
    home.accept(home.next_keyring([&](auto&, auto& body) { body.heads[home.id(0)] = home.head_at(0, named); },
                                  Household::NewKey::yes)
                    .value());
    home.jump(0, 3);
    home.put(0, "日/4");
    forget(home, {4, 5});
    return verified(home);
  };
  CHECK(with_named(3));
  CHECK(with_named(4).error() == Errc::tamper);
}

TEST_CASE(
    "a chain that is cut among void commits ends at the last one below, if a signed jump says that they are void") {
  auto home = jumped();
  home.revoke(0, home.head_at(0, 4));
  forget(home, {4, 5});
  auto read = verified(home);
  REQUIRE(read);
  CHECK(read->ledger.at(home.id(0)).head == home.head_at(0, 3));
  CHECK(verified(home, home.heads(), read->ledger)->ledger.at(home.id(0)).head == home.head_at(0, 3));
  const daemon::ChainReader reader{*home.keychain, home.id(0), read->ledger.at(home.id(0))};
  CHECK(reader.is_cut_by(home.chain(0)[5].view()));
  Bytes bent(home.chain(0)[5].view().begin(), home.chain(0)[5].view().end());
  bent.back() ^= 1;
  CHECK_FALSE(reader.is_cut_by(bent));
  home.chain(0)[5] = Sealed::from_untrusted(std::move(bent));
  CHECK_FALSE(verified(home));
}

TEST_CASE("a jump that another one makes void is passed over, and makes nothing void") {
  auto home = jumped();
  home.new_generation();
  home.jump(0, 4);  // the server had four after all
  home.put(0, "日/4");
  home.put(0, "🗝/5");
  const TempFolder folder;
  auto store = open_store(folder);
  home.store_in(store);
  const auto voids =
      store.read([&](const store::ReadTxn& tx) { return daemon::void_seqs(tx, home.id(0), 11); }).value();
  REQUIRE(voids.size() == 1);
  CHECK((voids[0].after == 4 && voids[0].jump == 9));
  forget(home, {5, 6, 7, 8});
  CHECK(verified(home));
}

TEST_CASE("of a chain with jumps what counts is sent, and to who has void commits what leads to the jump") {
  const std::vector<daemon::VoidSeqs> voids{{12, 20}, {3, 6}};
  const auto sent = [&voids](std::uint64_t from) {
    std::vector<std::uint64_t> seqs;
    for (std::uint64_t seq = 1; seq <= 21; ++seq)
      if (is_sent(voids, from, seq)) seqs.push_back(seq);
    CHECK(count_sent(voids, from, 21) == seqs.size());
    return seqs;
  };
  using Seqs = std::vector<std::uint64_t>;
  CHECK(sent(0) == Seqs{1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 20, 21});
  CHECK(sent(10) == Seqs{11, 12, 20, 21});
  CHECK(sent(4) == Seqs{5, 6, 7, 8, 9, 10, 11, 12, 20, 21});
  CHECK(sent(14) == Seqs{15, 16, 17, 18, 19, 20, 21});
  CHECK(sent(20) == Seqs{21});
  CHECK(sent(21).empty());
}

TEST_CASE("a page may go on with a jump, from the commit that it names and no other") {
  const auto home = jumped();
  auto chain = home.versions();  // a copy of the type
  const auto page = [&home](Head before, std::vector<std::size_t> seqs) {
    auto copy = home;
    std::vector<Sealed> commits;
    for (const auto seq : seqs) commits.push_back(copy.chain(0)[seq - 1]);
    const auto& signer = home.keychain->device(home.id(0))->sig;
    return daemon::link_page(std::move(commits), home.terms().vault, home.id(0), before, 8, signer);
  };
  CHECK(page(home.head_at(0, 3), {6, 7, 8}));
  CHECK(page(home.head_at(0, 4), {6, 7, 8}));
  CHECK(page(home.head_at(0, 2), {3, 6, 7, 8}));
  CHECK(page(home.head_at(0, 2), {6, 7, 8}).error() == Errc::gap);
  CHECK(page(home.head_at(0, 3), {7, 8}).error() == Errc::gap);
  CHECK(page({3, of_byte<Hash>(9)}, {6, 7, 8}).error() == Errc::fork);
}

TEST_CASE("what waits counts from the newest jump, and is outdated while it is sealed under an older key") {
  const auto unsent = [](const Household& home, std::uint64_t acked) {
    const TempFolder folder;
    auto store = open_store(folder);
    home.store_in(store);
    REQUIRE(store.write([&](store::WriteTxn& tx) { tx.put(store::heads, home.id(0), home.head(0)); }));
    return store.read([&](const store::ReadTxn& tx) { return daemon::unsent_of(tx, home.id(0), acked); }).value();
  };
  auto home = five();
  CHECK(unsent(home, 5).none());
  CHECK_FALSE(unsent(home, 5).is_outdated(2));
  CHECK(unsent(home, 3).count() == 2);
  CHECK_FALSE(unsent(home, 3).is_outdated(1));
  CHECK(unsent(home, 3).is_outdated(2));
  home.new_generation();
  home.jump(0, 3);
  home.put(0, "日/4");
  CHECK(unsent(home, 3).first == 6);
  CHECK(unsent(home, 3).count() == 2);
  CHECK_FALSE(unsent(home, 3).is_outdated(2));
  CHECK_FALSE(unsent(home, 5).is_outdated(2));  // the commit before it: it follows like any
  CHECK(unsent(home, 4).is_outdated(2));        // the server has one that it makes void
  CHECK(unsent(home, 6).count() == 1);
}

}  // namespace jump_test
