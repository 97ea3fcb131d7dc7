// SPDX-License-Identifier: Apache-2.0
// The rules of crypto/FORMAT.md §6: each of these chains is authentic, breaks one rule, and is refused as a whole
// with the error that tells a broken answer from a dishonest server.
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::Ledger;
using daemon::Verified;
using wire::CommitHeader;

namespace chain_reader_test {
namespace {

// What a device without a past makes of the household's chains.
Result<Verified> verified(const Household& home, std::map<DeviceId, Head> until, const DeviceId& self = {}) {
  const TempFolder folder;
  auto store = open_store(folder);
  home.store_in(store);
  return daemon::verify(store, *home.keychain, {}, until, self);
}

Result<Verified> verified(const Household& home) { return verified(home, home.heads()); }

// One device with a chain of three, and another that has none yet.
Household with_chain() {
  Household home{2};
  home.epoch(0);
  home.put(0, "notes/one");
  home.put(0, "notes/two");
  return home;
}

// The chain of three, with a fourth commit whose header was bent.
Result<Verified> fourth(const Household::BendHeader& bend) {
  auto home = with_chain();
  home.put(0, "notes/three", {}, bend);
  return verified(home);
}

}  // namespace

TEST_CASE("chains that keep the rules are read, with every version, reference and checkpoint in them") {
  auto home = with_chain();
  home.epoch(1, {{home.id(0), home.head(0)}});
  home.checkpoint(1, {{home.id(0), home.head(0)}});
  home.put(0, "notes/three", {{home.id(1), home.head(1)}});
  const auto all = verified(home);
  REQUIRE(all);
  CHECK(all->findings.versions.size() == 3);
  CHECK(all->findings.references.size() == 2);
  REQUIRE(all->findings.checkpoints.size() == 1);
  CHECK(all->findings.checkpoints[0].device == home.id(1));
  CHECK(all->ledger.at(home.id(0)).head == home.head(0));
  CHECK(all->ledger.at(home.id(1)).head == home.head(1));
}

TEST_CASE("what was verified before is not read again, and reading goes on from there") {
  auto home = with_chain();
  const TempFolder folder;
  auto store = open_store(folder);
  home.store_in(store);
  auto before = daemon::verify(store, *home.keychain, {}, home.heads(), {});
  REQUIRE(before);
  home.put(0, "notes/three");
  home.store_in(store);
  const auto after = daemon::verify(store, *home.keychain, before->ledger, home.heads(), {});
  REQUIRE(after);
  CHECK(after->findings.versions.size() == 1);
  CHECK(after->ledger.at(home.id(0)).head == home.head(0));
}

TEST_CASE("a commit that is missing in a chain is a gap") {
  auto home = with_chain();
  const auto until = home.heads();
  home.chain(0)[1] = {};
  CHECK(verified(home, until).error() == Errc::gap);
}

TEST_CASE("a chain that ends below the head that was shown is a gap") {
  auto home = with_chain();
  const auto until = home.heads();
  home.chain(0).pop_back();
  CHECK(verified(home, until).error() == Errc::gap);
}

TEST_CASE("two commits in each other's place are refused") {
  auto home = with_chain();
  const auto until = home.heads();
  std::swap(home.chain(0)[1], home.chain(0)[2]);
  CHECK(verified(home, until).error() == Errc::gap);
}

TEST_CASE("a commit given twice is tampering") {
  auto home = with_chain();
  const auto until = home.heads();
  home.chain(0)[2] = home.chain(0)[1];
  CHECK(verified(home, until).error() == Errc::tamper);
}

TEST_CASE("a chain whose head has another hash than was shown is tampering") {
  auto home = with_chain();
  auto until = home.heads();
  until[home.id(0)].hash = of_byte<Hash>(9);
  CHECK(verified(home, until).error() == Errc::tamper);
}

TEST_CASE("a commit whose header breaks a rule of the chain is tampering, though its device signed it") {
  CHECK(fourth([](CommitHeader&) {}));
  CHECK(fourth([](CommitHeader& h) { h.prev = of_byte<Hash>(9); }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.epoch += 1; }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.counter -= 1; }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.vault = of_byte<VaultId>(9); }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.device = of_byte<DeviceId>(9); }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.suite = 1; }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.seq -= 1; }).error() == Errc::tamper);
  CHECK(fourth([](CommitHeader& h) { h.seq += 1; }).error() == Errc::gap);
}

TEST_CASE("the first commit must open epoch 1 and name the keyring that enrolled its device") {
  const auto first = [](const Household::BendHeader& bend) {
    Household home;
    home.epoch(0, {}, bend);
    return verified(home);
  };
  CHECK(first([](CommitHeader&) {}));
  CHECK(first([](CommitHeader& h) { h.prev = {}; }).error() == Errc::tamper);
  CHECK(first([](CommitHeader& h) { h.epoch = 2; }).error() == Errc::tamper);
  Household home;
  home.put(0, "notes/one", {}, [](CommitHeader& h) { h.epoch = 1; });
  CHECK(verified(home).error() == Errc::tamper);
}

TEST_CASE("a keyring version that nobody showed is a rollback, and another hash for a known one is a fork") {
  CHECK(fourth([](CommitHeader& h) { h.keyring_version += 1; }).error() == Errc::rollback);
  CHECK(fourth([](CommitHeader& h) { h.keyring_hash = of_byte<Hash>(9); }).error() == Errc::fork);
}

TEST_CASE("a keyring version that falls along a chain, or is older than the device, is tampering") {
  Household home{2};
  const auto old_hash = home.keychain->hash_of(1);
  const auto back = [&](CommitHeader& h) { h.keyring_version = 1, h.keyring_hash = old_hash; };
  home.epoch(0);
  home.put(0, "notes/one", {}, back);
  CHECK(verified(home).error() == Errc::tamper);
  Household other{2};
  const auto older = other.keychain->hash_of(1);
  other.epoch(1, {}, [&](CommitHeader& h) { h.keyring_version = 1, h.keyring_hash = older; });
  CHECK(verified(other).error() == Errc::tamper);
}

TEST_CASE("a commit under a new vault key without an epoch of its own is tampering, and with one it is not") {
  auto home = with_chain();
  home.revoke(1, {});
  const auto until = home.heads();
  home.put(0, "notes/three");
  CHECK(verified(home).error() == Errc::tamper);
  home.chain(0).pop_back();
  home.epoch(0, {}, [](CommitHeader& h) { h.counter += 10; });
  home.put(0, "notes/three");
  CHECK(verified(home));
}

TEST_CASE("a chain of a device that no keyring names is tampering") {
  auto home = with_chain();
  const auto stranger = of_byte<DeviceId>(9);
  const auto commit = home.chain(0)[0];
  const TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([&](store::WriteTxn& tx) { tx.put(store::chains, {stranger, 1}, commit); }));
  const auto result = daemon::verify(store, *home.keychain, {}, {{stranger, home.head_at(0, 1)}}, {});
  CHECK(result.error() == Errc::tamper);
}

TEST_CASE("a seen vector may repeat a head and must not fall") {
  auto home = with_chain();
  home.epoch(1, {{home.id(0), home.head_at(0, 2)}});
  home.ack(1, {{home.id(0), home.head_at(0, 2)}});
  CHECK(verified(home));
  home.ack(1, {{home.id(0), home.head_at(0, 1)}});
  CHECK(verified(home).error() == Errc::tamper);
}

TEST_CASE("what a seen vector names and is not there is a gap; with another hash it is a fork") {
  auto home = with_chain();
  const auto named = home.head(0);
  home.epoch(1, {{home.id(0), named}});
  CHECK(verified(home));
  auto shorter = home;
  shorter.chain(0).pop_back();
  CHECK(verified(shorter).error() == Errc::gap);
  auto absent = home.heads();
  absent.erase(home.id(0));
  CHECK(verified(home, absent).error() == Errc::gap);

  auto forked = with_chain();
  forked.epoch(1, {{forked.id(0), {2, of_byte<Hash>(9)}}});
  CHECK(verified(forked).error() == Errc::fork);
  auto stranger = with_chain();
  stranger.epoch(1, {{of_byte<DeviceId>(9), {2, of_byte<Hash>(9)}}});
  CHECK(verified(stranger).error() == Errc::tamper);
}

TEST_CASE("what the newest keyring names of a chain must be there as well") {
  const auto named = [](auto pick) {
    auto home = with_chain();
    const auto head = pick(home);
    home.accept(home.next_keyring([&](auto&, auto& body) { body.heads[home.id(0)] = head; }).value());
    return verified(home);
  };
  CHECK(named([](auto& home) { return home.head(0); }));
  CHECK(named([](auto&) { return Head{9, of_byte<Hash>(9)}; }).error() == Errc::gap);
  CHECK(named([](auto&) { return Head{2, of_byte<Hash>(9)}; }).error() == Errc::fork);
}

TEST_CASE("somebody who names more of our own chain than there is tells of no clone: any member can") {
  auto home = with_chain();
  home.epoch(1, {{home.id(0), {9, of_byte<Hash>(9)}}});
  CHECK(verified(home, home.heads(), home.id(0)).error() == Errc::gap);
  CHECK(verified(home, home.heads(), home.id(1)).error() == Errc::gap);
}

TEST_CASE("a bad signature of the newest commit is tampering, though all hashes fit") {
  auto home = with_chain();
  const auto last = home.chain(0).back();
  home.chain(0).back() = Sealed::from_untrusted(flipped(last.view(), last.size() * 8 - 1));
  CHECK(verified(home).error() == Errc::tamper);
}

TEST_CASE("a commit that does not open is tampering, though its device signed it") {
  auto home = with_chain();
  auto bytes = Bytes{home.chain(0).back().view().begin(), home.chain(0).back().view().end()};
  bytes.resize(bytes.size() - 64);
  bytes.back() ^= 1u;
  // Signed again by its device: only the seal can tell.
  const auto signature = crypto::SignerAccess::sign_commit(home.identity(0)->sig, crypto::sha256(bytes).view());
  bytes.insert(bytes.end(), signature.view().begin(), signature.view().end());
  home.chain(0).back() = Sealed::from_untrusted(std::move(bytes));
  CHECK(verified(home).error() == Errc::tamper);
}

TEST_CASE("what a revoked device wrote beyond its cut is not read, and naming it is no gap") {
  auto home = with_chain();
  home.epoch(1);
  const auto cut = home.head_at(0, 2);
  home.ack(1, {{home.id(0), {9, of_byte<Hash>(9)}}});
  home.revoke(0, cut);
  const auto all = verified(home);
  REQUIRE(all);
  CHECK(all->ledger.at(home.id(0)).head == cut);
  CHECK(all->findings.versions.size() == 1);
}

TEST_CASE("a revoked device's chain with another commit at the cut is a fork, and one that ends below it is a gap") {
  auto other = with_chain();
  other.revoke(0, {2, of_byte<Hash>(9)});
  CHECK(verified(other).error() == Errc::fork);
  auto less = with_chain();
  less.revoke(0, less.head(0));
  auto until = less.heads();
  less.chain(0).pop_back();
  CHECK(verified(less, until).error() == Errc::gap);
}

TEST_CASE("a checkpoint that leaves out a chain which its own chain has named is tampering") {
  auto home = with_chain();
  home.epoch(1, {{home.id(0), home.head(0)}});
  home.checkpoint(1, {});
  CHECK(verified(home).error() == Errc::tamper);
}

}  // namespace chain_reader_test
