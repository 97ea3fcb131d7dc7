// SPDX-License-Identifier: Apache-2.0
// Devices that write, remove, restore, resolve and merge apart, hear of each other whenever it happens, and die in
// between: in the end all of them show the same, and nothing that was acknowledged is gone.
#include <map>
#include <memory>
#include <set>

#include "daemon/items/auto_merge.hpp"
#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using crypto::Operation;

namespace fleet_test {
namespace {

const std::vector<std::string> names{"a", "b/c"};

// What a server has: of each chain what its device has sent.
using Server = std::map<DeviceId, std::vector<Sealed>>;

asio::awaitable<void> try_one(OpenVault& open, std::string name, std::optional<MergeTry>& out) {
  out.emplace(co_await try_merge(open.threads, open.store, open.vault, std::move(name)));
}

// The database is written by one thread only.
template <class Body>
asio::awaitable<void> store_one(OpenVault& open, Body body) {
  const auto stored = co_await open.writer->write(std::move(body));
  REQUIRE(stored);
}

class Member {
 public:
  Member(const Household& home, Server& server, std::size_t number)
      : home_(home), server_(server), number_(number), folder_(std::make_unique<TempFolder>()) {
    open();
  }

  void die() {
    open_.reset();
    open();
  }

  void push() {
    auto& sent = server_[home_.id(number_)];
    const auto read = open_->store->read([&](const store::ReadTxn& tx) {
      tx.scan(store::chains,
              store::Range<store::Place>::between({home_.id(number_), sent.size() + 1}, {home_.id(number_), ~0ull}),
              [&sent](const store::Place&, Sealed commit) { sent.push_back(std::move(commit)); });
    });
    REQUIRE(read);
  }

  void pull() {
    std::map<DeviceId, Head> heads;
    for (const auto& [device, chain] : server_)
      if (device != home_.id(number_) && !chain.empty())
        heads[device] = {chain.size(), crypto::commit_hash(chain.back().view())};
    store([server = &server_, heads](store::WriteTxn& tx) {
      for (const auto& [device, head] : heads)
        for (std::uint64_t seq = 1; seq <= head.seq; ++seq)
          tx.put(store::chains, {device, seq}, server->at(device)[seq - 1]);
    });
    auto& vault = *open_->vault;
    auto verified = verify(*open_->store, *home_.keychain, vault.ledger, heads, home_.id(number_));
    REQUIRE(verified);
    store([heads](store::WriteTxn& tx) {
      for (const auto& [device, head] : heads) tx.put(store::heads, device, head);
    });
    vault.advance(verified->ledger);
    for (auto& [name, version] : verified->findings.versions) vault.add(name, std::move(version));
  }

  // Whether it merged any.
  bool settle() {
    bool any = false;
    for (const auto& name : Index::Names{index().conflicts()}) {
      if (merging_device(index().heads(name), home_.keychain->body().devices) != home_.id(number_)) continue;
      auto tried = merge(name);
      if (!tried.merged.clashes.empty()) continue;
      REQUIRE(write(write_of(name, std::move(tried))));
      any = true;
    }
    return any;
  }

  MergeTry merge(const std::string& name) {
    std::optional<MergeTry> tried;
    spawn(open_->io.get_executor(), "a merge", try_one(*open_, name, tried));
    open_->run();
    return std::move(*tried);
  }

  bool write(ItemWrite one) {
    const auto written = open_->write(std::move(one));
    if (written) acknowledged.insert(written->begin(), written->end());
    return written.has_value();
  }

  std::string value_of(const std::string& name) { return open_->value_of(name); }
  const Index& index() const { return open_->vault->index; }

  std::set<VersionId> acknowledged;

 private:
  template <class Body>
  void store(Body body) {
    spawn(open_->io.get_executor(), "a pull", store_one(*open_, std::move(body)));
    open_->run();
  }

  void open() { open_.emplace(home_, *folder_, std::uint64_t{1} << 26, number_); }

  const Household& home_;
  Server& server_;
  std::size_t number_;
  std::unique_ptr<TempFolder> folder_;
  std::optional<OpenVault> open_;
};

class Fleet {
 public:
  Fleet(Random& random, std::size_t members) : random_(random), home_(members) {
    for (std::size_t i = 0; i < members; ++i) members_.push_back(std::make_unique<Member>(home_, server_, i));
  }

  void some_step() {
    auto& member = *members_[random_.below(members_.size())];
    switch (random_.below(10)) {
      case 0:
        return member.die();
      case 1:
        return member.push();
      case 2:
      case 3:
        return member.pull();
      case 4:
        return void(member.settle());
      default:
        return write(member);
    }
  }

  // Nobody writes any more but what merging takes; how many rounds that took.
  std::size_t settle() {
    for (std::size_t round = 1; round < 100; ++round) {
      bool merged = false;
      for (auto& member : members_) member->push();
      for (auto& member : members_) {
        member->pull();
        merged |= member->settle();
      }
      if (!merged) return round;
    }
    return 100;
  }

  void check_all_agree() {
    std::set<VersionId> all;
    for (const auto& member : members_) all.insert(member->acknowledged.begin(), member->acknowledged.end());
    const auto& first = *members_.front();
    for (auto& member : members_) {
      std::set<VersionId> here;
      CHECK(member->index().counts() == first.index().counts());
      for (const auto& name : names) {
        CHECK(member->index().heads(name) == first.index().heads(name));
        for (const auto& version : member->index().history(name)) here.insert(version.id);
        if (exists(*member, name)) CHECK(member->value_of(name) == members_.front()->value_of(name));
      }
      CHECK(here == all);
    }
  }

  std::vector<std::unique_ptr<Member>>& members() { return members_; }

 private:
  static bool exists(const Member& member, const std::string& name) {
    const auto heads = member.index().heads(name);
    return !heads.empty() && heads.front().operation == Operation::put;
  }

  ItemWrite some_put(const std::string& name) {
    auto write = put_of(name, "");
    if (random_.chance(30)) {
      write.value = Secret::copy_of(std::to_string(random_.below(3)));
      return write;
    }
    std::string json = "{";
    for (const char* key : {"\"a\":", "\"b\":", "\"c\":"})
      if (random_.chance(50))
        json += (json.size() > 1 ? "," : "") + std::string{key} + std::to_string(random_.below(3));
    write.value = Secret::copy_of(json + "}");
    write.content_type = "application/json";
    return write;
  }

  void write(Member& member) {
    const auto& name = names[random_.below(names.size())];
    const auto history = member.index().history(name);
    auto one = some_put(name);
    if (random_.chance(20)) one = {.operation = Operation::remove, .name = name};
    if (!history.empty() && random_.chance(30)) one.if_version = history[random_.below(history.size())].id;
    if (!history.empty() && random_.chance(20)) {  // as who resolves does
      one.if_version.reset();
      one.if_heads.emplace();
      for (const auto& head : member.index().heads(name)) one.if_heads->push_back(head.id);
      std::ranges::sort(*one.if_heads);
      if (random_.chance(30)) one.if_heads->pop_back();
    }
    const auto heads = member.index().heads(name).size();
    const bool stale = one.if_heads && one.if_heads->size() != heads;
    const bool written = member.write(std::move(one));
    CHECK_FALSE((stale && written));
  }

  Random& random_;
  Household home_;
  Server server_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace

TEST_CASE("devices that write apart, hear of each other by chance and die come to the same, and lose nothing") {
  for_all(25, [](Random& random) {
    Fleet fleet{random, 2 + random.below(4)};
    for (auto steps = 10 + random.below(50); steps > 0; --steps) fleet.some_step();
    CHECK(fleet.settle() < 20);
    fleet.check_all_agree();
    for (auto& member : fleet.members()) member->die();
    CHECK(fleet.settle() == 1);  // at rest is at rest
    fleet.check_all_agree();
  });
}

}  // namespace fleet_test
