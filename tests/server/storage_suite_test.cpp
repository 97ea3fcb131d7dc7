// SPDX-License-Identifier: Apache-2.0
#include "tests/server/storage_suite.hpp"
#include "base/input_errc.hpp"

#include <map>

#include "base/limits.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"
#include "wire/errc.hpp"

using namespace vault;
using namespace vault::server;
using Catch::Matchers::Equals;
using tests::Random;
using tests::TempFolder;

namespace vault::tests {

std::vector<StorageEngine>& storage_engines() {
  static std::vector<StorageEngine> engines;
  return engines;
}

}  // namespace vault::tests

namespace storage_suite_test {
namespace {

template <class Id>
Id id(std::uint8_t n) {
  Id out;
  out.raw.fill(n);
  return out;
}
const auto vault_a = id<VaultId>(0xa0), vault_b = id<VaultId>(0xb0);
const auto phone = id<DeviceId>(1), laptop = id<DeviceId>(2);

Hash hash(std::uint8_t branch, std::uint64_t n) {
  auto out = id<Hash>(branch);
  out.raw[31] = static_cast<std::uint8_t>(n);
  return out;
}

// A keyring version or a commit that no other has the bytes or the hash of.
KeyringVersion keyring(std::uint8_t branch, std::uint32_t version) {
  return {Sealed::from_untrusted(Bytes(100, static_cast<std::uint8_t>(version ^ branch))),
          hash(branch, version),
          {1, id<Seed>(branch), id<SignKey>(static_cast<std::uint8_t>(version))}};
}

std::vector<Commit> chain(std::uint8_t branch, std::uint64_t first, std::uint64_t last, std::size_t size = 100) {
  std::vector<Commit> out;
  for (auto seq = first; seq <= last; ++seq) {
    Bytes bytes(size, branch);
    bytes[0] = static_cast<std::uint8_t>(seq);
    out.push_back({Sealed::from_untrusted(bytes), hash(branch, seq), hash(branch, seq - 1)});
  }
  return out;
}

// An engine with a folder, two accounts "a" and "b", and words for what is done in most tests.
class Server {
 public:
  explicit Server(const tests::StorageEngine& engine, std::uint64_t quota = limits::quota_bytes)
      : engine_(engine), quota_(quota) {
    reopen();
    REQUIRE(storage->create_account("a", vault_a, keyring(0xa, 1), {}));
    REQUIRE(storage->create_account("b", vault_b, keyring(0xb, 1), {}));
  }
  void reopen() {
    storage.reset();
    storage = engine_.open(folder_.path(), quota_);
    storage->watch([this](const VaultId& vault) { changed.push_back(vault); });
  }
  Appended append(const VaultId& vault, const DeviceId& device, std::uint64_t first, const std::vector<Commit>& more) {
    return storage->append(vault, newest(vault), device, first, more).value();
  }
  wire::KeyringHead newest(const VaultId& vault) const {
    const auto heads = storage->heads(vault);
    return heads ? heads->keyring : wire::KeyringHead{};
  }
  Head head(const VaultId& vault, const DeviceId& device) {
    for (const auto& chain : storage->heads(vault).value().chains)
      if (chain.device == device) return chain.head;
    return {};
  }
  std::uint64_t used(std::string_view name) { return storage->find_account(name).value()->usage.bytes; }

  std::unique_ptr<Storage> storage;
  std::vector<VaultId> changed;

 private:
  TempFolder folder_;
  const tests::StorageEngine& engine_;
  std::uint64_t quota_;
};

bool is_head(const Appended& result, std::uint64_t seq) {
  const auto* head = std::get_if<Head>(&result);
  return head != nullptr && head->seq == seq;
}

Bytes bytes_of_commit(const wire::CommitPage& page, std::size_t i) {
  return {page.commits.at(i).view().begin(), page.commits.at(i).view().end()};
}

template <class Test>
void on_every_engine(Test test) {
  REQUIRE_FALSE(tests::storage_engines().empty());
  for (const auto& engine : tests::storage_engines()) {
    INFO(engine.name);
    test(engine);
  }
}

}  // namespace

TEST_CASE("storage: an account is what it was created with, and is created once") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto first = keyring(0xa, 1);
    const Account expected{"a", vault_a, first.log_in, {1, first.hash}, {100, limits::quota_bytes}};
    CHECK(server.storage->find_account("a").value() == expected);
    CHECK(server.storage->find_account("c").value() == std::nullopt);
    CHECK(server.storage->create_account("a", id<VaultId>(9), keyring(9, 1), {}).error() == WireErrc::account_exists);
    CHECK(server.storage->create_account("c", vault_a, keyring(9, 1), {}).error() == WireErrc::account_exists);
    CHECK(server.storage->find_account("a").value() == expected);
    CHECK(server.storage->find_account("c").value() == std::nullopt);
    CHECK(server.storage->keyrings(vault_a, 1, 1000).value().versions.at(0) == first.bytes);
  });
}

TEST_CASE("storage: names that are no account's are refused by every operation that takes one") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (const std::string& name : {std::string{}, std::string(129, 'a'), std::string{"A"}, std::string{"a b"},
                                    std::string{"a\0", 2}, std::string{"\xc3\xa9"}, std::string(100'000, 'a')}) {
      CHECK(server.storage->find_account(name).error() == InputErrc::account_bad);
      CHECK(server.storage->create_account(name, id<VaultId>(9), keyring(9, 1), {}).error() == InputErrc::account_bad);
      CHECK(server.storage->set_quota(name, 1).error() == InputErrc::account_bad);
      CHECK(server.storage->remove_account(name).error() == InputErrc::account_bad);
    }
    CHECK(server.storage->accounts("", 10).value().size() == 2);
  });
}

TEST_CASE("storage: a vault that is not there is not found by any operation") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto nobody = id<VaultId>(0xcc);
    CHECK(server.storage->keyrings(nobody, 1, 1).error() == Errc::not_found);
    CHECK(server.storage->keyring_version(nobody, Hash{}).error() == Errc::not_found);
    CHECK(server.storage->replace_keyring(nobody, {0, Hash{}}, keyring(1, 1)).error() == Errc::not_found);
    CHECK(server.storage->heads(nobody).error() == Errc::not_found);
    CHECK(server.storage->append(nobody, server.newest(nobody), phone, 1, chain(1, 1, 1)).error() == Errc::not_found);
    CHECK(server.storage->commits(nobody, phone, 1, 1, 1).error() == Errc::not_found);
    CHECK(server.changed.empty());
  });
}

TEST_CASE("storage: an invitation is used up by the account it made, and by no failure") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto token = id<Hash>(7);
    auto create = [&](std::string_view name, std::uint8_t vault) {
      return server.storage->create_account(name, id<VaultId>(vault), keyring(vault, 1), token);
    };
    CHECK(create("c", 1).error() == WireErrc::invite_needed);
    CHECK(create("a", 1).error() == WireErrc::invite_needed);  // which does not tell that there is an "a"
    REQUIRE(server.storage->add_invitation(token));
    CHECK(create("a", 1).error() == WireErrc::account_exists);
    CHECK(create("c", 1).has_value());
    CHECK(create("d", 2).error() == WireErrc::invite_needed);
    CHECK(server.storage->find_account("d").value() == std::nullopt);
  });
}

TEST_CASE("storage: an account made again with the same keyring is success, whatever became of both since") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto token = id<Hash>(7), vault = id<Hash>(1);
    REQUIRE(server.storage->add_invitation(token));
    const auto create = [&](std::uint8_t branch) {
      return server.storage->create_account("c", VaultId::from(vault.view().first(16)), keyring(branch, 1), token);
    };
    CHECK(create(1).has_value());
    CHECK(create(1).has_value());  // the invitation is used up: by this account
    REQUIRE(server.storage->replace_keyring(VaultId::from(vault.view().first(16)), {1, hash(1, 1)}, keyring(1, 2)));
    CHECK(create(1).has_value());
    CHECK(create(2).error() == WireErrc::invite_needed);
    CHECK(server.storage->find_account("c").value()->keyring.version == 2);
    CHECK(server.used("c") == 200);
    CHECK(server.storage->create_account("d", VaultId::from(vault.view().first(16)), keyring(1, 1), {}).error() ==
          WireErrc::account_exists);
  });
}

TEST_CASE("storage: of two who replace the same keyring version one wins, and the other learns of it") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const wire::KeyringHead one{1, hash(0xa, 1)};
    const auto ours = keyring(0xa, 2), theirs = keyring(0xe, 2);
    CHECK(std::get<wire::KeyringHead>(server.storage->replace_keyring(vault_a, one, ours).value()) ==
          wire::KeyringHead{2, ours.hash});
    CHECK(std::get<KeyringConflict>(server.storage->replace_keyring(vault_a, one, theirs).value()).head ==
          wire::KeyringHead{2, ours.hash});
    const auto account = server.storage->find_account("a").value();
    CHECK(account->log_in == ours.log_in);
    CHECK(account->keyring == wire::KeyringHead{2, ours.hash});
    CHECK(server.storage->keyrings(vault_a, 2, 1000).value().versions == std::vector{ours.bytes});
    CHECK(server.storage->keyring_version(vault_a, theirs.hash).value() == std::nullopt);
    CHECK(server.storage->keyring_version(vault_a, ours.hash).value() == 2u);
  });
}

TEST_CASE("storage: a keyring version sent again is success, once it was overtaken it is conflict") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const wire::KeyringHead one{1, hash(0xa, 1)}, two{2, hash(0xa, 2)};
    for (int time = 0; time < 2; ++time)
      CHECK(std::get<wire::KeyringHead>(server.storage->replace_keyring(vault_a, one, keyring(0xa, 2)).value()) == two);
    CHECK(server.changed.size() == 1);
    CHECK(server.used("a") == 200);
    REQUIRE(server.storage->replace_keyring(vault_a, two, keyring(0xa, 3)));
    CHECK(std::get<KeyringConflict>(server.storage->replace_keyring(vault_a, one, keyring(0xa, 2)).value())
              .head.version == 3);
  });
}

TEST_CASE("storage: a keyring is not replaced by the right number with the wrong hash, or the reverse") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (const auto& wrong :
         {wire::KeyringHead{1, hash(0xe, 1)}, wire::KeyringHead{0, hash(0xa, 1)}, wire::KeyringHead{2, hash(0xa, 1)}})
      CHECK(std::holds_alternative<KeyringConflict>(
          server.storage->replace_keyring(vault_a, wrong, keyring(0xa, 2)).value()));
    CHECK(server.storage->keyrings(vault_a, 1, 1000).value().head.version == 1);
  });
}

TEST_CASE("storage: keyring pages begin where asked, keep to their budget and never come back empty before the end") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (std::uint32_t v = 1; v < 10; ++v)
      REQUIRE(server.storage->replace_keyring(vault_a, {v, hash(0xa, v)}, keyring(0xa, v + 1)));
    auto versions = [&](std::uint32_t from, std::size_t bytes) {
      return server.storage->keyrings(vault_a, from, bytes).value().versions;
    };
    CHECK(versions(1, 1000).size() == 10);
    CHECK(versions(1, 999).size() == 9);
    CHECK(versions(4, 250).size() == 2);
    CHECK(versions(4, 250).at(0) == keyring(0xa, 4).bytes);
    CHECK(versions(10, 0).size() == 1);
    CHECK(versions(11, 1000).empty());
    CHECK(versions(UINT32_MAX, 1000).empty());
    CHECK(versions(0, 1000).size() == 10);
  });
}

TEST_CASE("storage: commits are appended under the newest keyring version, and under no other") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto before = server.newest(vault_a);
    REQUIRE(server.storage->append(vault_a, before, phone, 1, chain(5, 1, 1)));
    REQUIRE(server.storage->replace_keyring(vault_a, before, keyring(0xa, 2)));
    for (const auto first : {1u, 2u}) {  // what is there already, and what would follow it
      const auto result = server.storage->append(vault_a, before, phone, first, chain(5, first, first)).value();
      REQUIRE(std::holds_alternative<KeyringConflict>(result));
      CHECK(std::get<KeyringConflict>(result).head == server.newest(vault_a));
    }
    CHECK(server.head(vault_a, phone).seq == 1);
    CHECK(is_head(server.append(vault_a, phone, 2, chain(5, 2, 2)), 2));
  });
}

TEST_CASE("storage: a chain grows by what follows its head, and heads are listed by device") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    CHECK(is_head(server.append(vault_a, laptop, 1, chain(5, 1, 3)), 3));
    CHECK(is_head(server.append(vault_a, phone, 1, chain(6, 1, 1)), 1));
    CHECK(is_head(server.append(vault_a, laptop, 4, chain(5, 4, 4)), 4));
    const auto heads = server.storage->heads(vault_a).value();
    CHECK(heads.keyring == wire::KeyringHead{1, hash(0xa, 1)});
    const std::vector<wire::Heads::Chain> expected{{phone, {1, hash(6, 1)}}, {laptop, {4, hash(5, 4)}}};
    CHECK(heads.chains == expected);
    CHECK(server.used("a") == 600);
    CHECK(server.changed == std::vector{vault_a, vault_a, vault_a});
  });
}

TEST_CASE("storage: commits sent again, or again with more behind them, are success and change nothing twice") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    CHECK(is_head(server.append(vault_a, phone, 1, chain(5, 1, 3)), 3));
    CHECK(is_head(server.append(vault_a, phone, 1, chain(5, 1, 3)), 3));
    CHECK(is_head(server.append(vault_a, phone, 2, chain(5, 2, 2)), 3));
    CHECK(server.changed.size() == 1);
    CHECK(is_head(server.append(vault_a, phone, 2, chain(5, 2, 6)), 6));
    CHECK(server.used("a") == 700);
    CHECK(server.storage->commits(vault_a, phone, 1, 10'000, 100).value().commits.size() == 6);
  });
}

TEST_CASE("storage: other bytes for a seq are a conflict that shows the stored ones, and store nothing") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    server.append(vault_a, phone, 1, chain(5, 1, 3));
    auto mixed = chain(5, 2, 5);
    mixed[1] = chain(6, 3, 3)[0];  // 2 as stored, 3 from another branch
    mixed[1].prev = mixed[0].hash;
    mixed[2].prev = mixed[1].hash;
    const auto result = server.append(vault_a, phone, 2, mixed);
    const auto& conflict = std::get<wire::CommitConflict>(result);
    CHECK(conflict.seq == 3);
    CHECK(conflict.stored == chain(5, 3, 3)[0].bytes);
    CHECK(server.head(vault_a, phone).seq == 3);
    CHECK(server.changed.size() == 1);
  });
}

TEST_CASE("storage: a commit that follows another one than the head conflicts with the head's commit") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    server.append(vault_a, phone, 1, chain(5, 1, 3));
    const auto result = server.append(vault_a, phone, 4, chain(6, 4, 5));
    const auto& conflict = std::get<wire::CommitConflict>(result);
    CHECK(conflict.seq == 3);
    CHECK(conflict.stored == chain(5, 3, 3)[0].bytes);
    CHECK(server.head(vault_a, phone) == Head{3, hash(5, 3)});
  });
}

TEST_CASE("storage: a jump goes on after the head that it names, and after no other") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    const auto jump = [](std::uint64_t seq, const Head& after) {
      auto commits = chain(7, seq, seq + 1);
      commits[0].jump = Jump{seq, after};
      return commits;
    };
    server.append(vault_a, phone, 1, chain(5, 1, 3));
    CHECK(std::get<AppendGap>(server.append(vault_a, phone, 9, jump(9, {2, hash(5, 2)}))).head.seq == 3);
    CHECK(std::get<AppendGap>(server.append(vault_a, phone, 9, jump(9, {3, hash(6, 3)}))).head.seq == 3);
    CHECK(is_head(server.append(vault_a, phone, 9, jump(9, {3, hash(5, 3)})), 10));
    CHECK(is_head(server.append(vault_a, phone, 9, jump(9, {3, hash(5, 3)})), 10));  // its answer was lost
    const auto void_one = std::get<wire::CommitConflict>(server.append(vault_a, phone, 4, chain(5, 4, 5)));
    CHECK(void_one.seq == 9);
    CHECK(void_one.stored == jump(9, {})[0].bytes);
    CHECK(is_head(server.append(vault_a, laptop, 5, jump(5, {0, hash(1, 1)})), 6));  // of what was never sent
    CHECK(server.storage->commits(vault_a, phone, 4, 10000, 10).value().commits.size() == 2);
  });
}

TEST_CASE("storage: a run of commits may have jumps in it, as a repair sends them") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    auto run = chain(5, 1, 3);
    auto rest = chain(7, 9, 10);
    rest[0].jump = Jump{9, {3, hash(5, 3)}};
    run.insert(run.end(), rest.begin(), rest.end());
    CHECK(is_head(server.append(vault_a, phone, 1, run), 10));
    run[3].jump->after.seq = 2;
    CHECK(class_of(server.storage->append(vault_a, server.newest(vault_a), phone, 1, run).error()) == Errc::tamper);
  });
}

TEST_CASE("storage: a gap is refused with the head that is there") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    CHECK(std::get<AppendGap>(server.append(vault_a, phone, 2, chain(5, 2, 2))).head == Head{});
    server.append(vault_a, phone, 1, chain(5, 1, 3));
    for (std::uint64_t first : {std::uint64_t{5}, std::uint64_t{6}, ~std::uint64_t{0}})
      CHECK(std::get<AppendGap>(server.append(vault_a, phone, first, chain(5, 4, 4))).head == Head{3, hash(5, 3)});
    CHECK(server.head(vault_a, phone).seq == 3);
  });
}

TEST_CASE("storage: commits that do not follow each other, or none, or seq 0, are refused") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    auto unlinked = chain(5, 1, 3);
    unlinked[2].prev = hash(6, 2);
    CHECK(class_of(server.storage->append(vault_a, server.newest(vault_a), phone, 1, unlinked).error()) ==
          Errc::tamper);
    CHECK(class_of(server.storage->append(vault_a, server.newest(vault_a), phone, 1, {}).error()) == Errc::tamper);
    CHECK(class_of(server.storage->append(vault_a, server.newest(vault_a), phone, 0, chain(5, 0, 1)).error()) ==
          Errc::tamper);
    CHECK(server.storage->heads(vault_a).value().chains.empty());
  });
}

TEST_CASE("storage: commit pages begin where asked, keep to their budgets and never come back empty before the end") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    server.append(vault_a, phone, 1, chain(5, 1, 9));
    auto page = [&](std::uint64_t from, std::size_t bytes, std::size_t most) {
      return server.storage->commits(vault_a, phone, from, bytes, most).value();
    };
    CHECK(page(1, 10'000, 100).commits.size() == 9);
    CHECK(page(1, 10'000, 4).commits.size() == 4);
    CHECK(page(1, 899, 100).commits.size() == 8);
    CHECK(page(3, 1, 100).commits.size() == 1);
    CHECK(bytes_of_commit(page(3, 1, 100), 0)[0] == 3);
    CHECK(page(10, 10'000, 100).commits.empty());
    CHECK(page(~0ull, 10'000, 100).commits.empty());
    CHECK(server.storage->commits(vault_a, laptop, 1, 10'000, 100).value().commits.empty());
  });
}

TEST_CASE("storage: a full account takes no commit, says so, and still takes a keyring") {
  on_every_engine([](const auto& engine) {
    Server server{engine, 1000};
    CHECK(is_head(server.append(vault_a, phone, 1, chain(5, 1, 9)), 9));  // 100 of keyring and 900
    CHECK(server.storage->append(vault_a, server.newest(vault_a), phone, 10, chain(5, 10, 10)).error() ==
          WireErrc::quota);
    CHECK(class_of(make_error_code(WireErrc::quota)) == Errc::limit);
    CHECK(server.head(vault_a, phone).seq == 9);
    CHECK(server.storage->commits(vault_a, phone, 10, 1000, 10).value().commits.empty());
    CHECK(server.used("a") == 1000);
    CHECK(is_head(server.append(vault_a, phone, 5, chain(5, 5, 9)), 9));  // what is there needs no room
    CHECK(server.storage->replace_keyring(vault_a, {1, hash(0xa, 1)}, keyring(0xa, 2)).has_value());
    CHECK(is_head(server.append(vault_b, phone, 1, chain(5, 1, 9)), 9));  // the other's room is its own
    REQUIRE(server.storage->set_quota("a", 1200));
    CHECK(is_head(server.append(vault_a, phone, 10, chain(5, 10, 10)), 10));
    CHECK(server.storage->find_account("a").value()->usage == Usage{1200, 1200});
  });
}

TEST_CASE("storage: keyrings above the quota end where their reserve ends") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    REQUIRE(server.storage->set_quota("a", 0));
    Result<Replaced> last = Errc::internal;
    std::uint32_t v = 1;
    for (; v < 200; ++v) {
      auto large = keyring(0xa, v + 1);
      large.bytes = Sealed::from_untrusted(Bytes(limits::keyring_bytes));
      last = server.storage->replace_keyring(vault_a, {v, hash(0xa, v)}, large);
      if (!last) break;
    }
    CHECK(last.error() == WireErrc::quota);
    CHECK(v == limits::quota_reserve_bytes / limits::keyring_bytes);  // 63 beside the first, small one
    CHECK(server.used("a") <= limits::quota_reserve_bytes);
  });
}

TEST_CASE("storage: everything is there after it was closed and opened") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    server.append(vault_a, phone, 1, chain(5, 1, 3));
    REQUIRE(server.storage->replace_keyring(vault_a, {1, hash(0xa, 1)}, keyring(0xa, 2)));
    REQUIRE(server.storage->add_invitation(id<Hash>(7)));
    const auto account = server.storage->find_account("a").value();
    const auto heads = server.storage->heads(vault_a).value();
    const auto secret = server.storage->secret().value();
    server.reopen();
    CHECK(server.storage->find_account("a").value() == account);
    CHECK(server.storage->heads(vault_a).value() == heads);
    CHECK(server.storage->secret().value() == secret);
    CHECK(server.storage->keyrings(vault_a, 1, 1000).value().versions.size() == 2);
    CHECK(bytes_of_commit(server.storage->commits(vault_a, phone, 3, 1, 1).value(), 0)[0] == 3);
    CHECK(server.storage->create_account("c", id<VaultId>(9), keyring(9, 1), id<Hash>(7)).has_value());
  });
}

TEST_CASE("storage: two databases have two secrets, and neither is zeros") {
  on_every_engine([](const auto& engine) {
    Server one{engine}, two{engine};
    CHECK(one.storage->secret().value() != two.storage->secret().value());
    CHECK_FALSE(one.storage->secret().value().is_zero());
  });
}

TEST_CASE("storage: accounts are listed in pages by name") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (std::uint8_t n = 1; n < 4; ++n)
      REQUIRE(server.storage->create_account("a" + std::to_string(n), id<VaultId>(n), keyring(n, 1), {}));
    auto names = [&](std::string_view after, std::size_t most) {
      std::vector<std::string> out;
      for (const auto& account : server.storage->accounts(after, most).value()) out.push_back(account.name);
      return out;
    };
    using Names = std::vector<std::string>;
    CHECK(names("", 100) == Names{"a", "a1", "a2", "a3", "b"});
    CHECK(names("a", 2) == Names{"a1", "a2"});
    CHECK(names("b", 2) == Names{});
  });
}

TEST_CASE("storage: a removed account leaves nothing behind, and its neighbours whole") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    for (const auto& vault : {vault_a, vault_b}) server.append(vault, phone, 1, chain(5, 1, 3));
    const auto other = server.storage->heads(vault_b).value();
    REQUIRE(server.storage->remove_account("a"));
    CHECK(server.changed.back() == vault_a);
    CHECK(server.storage->remove_account("a").error() == Errc::not_found);
    CHECK(server.storage->set_quota("a", 1).error() == Errc::not_found);
    CHECK(server.storage->heads(vault_a).error() == Errc::not_found);
    CHECK(server.storage->heads(vault_b).value() == other);
    REQUIRE(server.storage->create_account("a", vault_a, keyring(0xc, 1), {}));  // the same ids, nothing old in them
    CHECK(server.storage->heads(vault_a).value().chains.empty());
    CHECK(server.storage->commits(vault_a, phone, 1, 1000, 10).value().commits.empty());
    CHECK(server.storage->keyrings(vault_a, 1, 1000).value().versions == std::vector{keyring(0xc, 1).bytes});
    CHECK(server.storage->keyring_version(vault_a, hash(0xa, 1)).value() == std::nullopt);
    CHECK(server.used("a") == 100);
  });
}

// Every operation that reads, in each vault, after every operation that writes in the other: with device ids,
// versions and seqs that both have, and with vault ids that are neighbours in the order of keys.
TEST_CASE("storage: nothing that happens in one vault is seen in another") {
  on_every_engine([](const auto& engine) {
    Server server{engine};
    auto near = vault_a;
    near.raw[15] ^= 1;
    REQUIRE(server.storage->create_account("near", near, keyring(0xd, 1), {}));
    struct Seen {
      std::optional<Account> account;
      wire::Heads heads;
      std::vector<Sealed> keyrings, phone, laptop;
      std::optional<std::uint32_t> version;
      bool operator==(const Seen&) const = default;
    };
    auto look = [&](std::string_view name, const VaultId& vault) {
      auto& s = *server.storage;
      return Seen{s.find_account(name).value(),
                  s.heads(vault).value(),
                  s.keyrings(vault, 1, 1 << 20).value().versions,
                  s.commits(vault, phone, 1, 1 << 20, 1000).value().commits,
                  s.commits(vault, laptop, 1, 1 << 20, 1000).value().commits,
                  s.keyring_version(vault, hash(0xa, 2)).value()};
    };
    const std::vector<std::pair<std::string, VaultId>> tenants{{"a", vault_a}, {"b", vault_b}, {"near", near}};
    for (const auto& [name, vault] : tenants) server.append(vault, phone, 1, chain(5, 1, 2));
    const std::vector<std::function<void()>> writes{
        [&] { server.append(vault_a, phone, 3, chain(5, 3, 4)); },
        [&] { server.append(vault_a, laptop, 1, chain(6, 1, 1)); },
        [&] {
          server.storage->replace_keyring(vault_a, {1, hash(0xa, 1)}, keyring(0xa, 2)).value();
        },
        [&] { server.storage->set_quota("a", 5).value(); },
        [&] { CHECK(server.storage->append(vault_a, server.newest(vault_a), laptop, 2, chain(6, 2, 2)).has_error()); },
        [&] { server.storage->remove_account("a").value(); }};
    const auto b = look("b", vault_b), n = look("near", near);
    for (const auto& write : writes) {
      write();
      CHECK(look("b", vault_b) == b);
      CHECK(look("near", near) == n);
    }
  });
}

TEST_CASE("storage: whatever is appended in whatever order, chains are those of a simple model") {
  on_every_engine([](const auto& engine) {
    tests::for_all(5, [&engine](Random& random) {
      Server server{engine};
      std::map<std::pair<VaultId, DeviceId>, std::vector<Commit>> model;
      for (int round = 0; round < 60; ++round) {
        const auto vault = random.chance(50) ? vault_a : vault_b;
        const auto device = random.chance(50) ? phone : laptop;
        auto& known = model[{vault, device}];
        const auto first = 1 + random.below(known.size() + 3);
        const auto more = chain(random.chance(90) ? 5 : 6, first, first + random.below(4));
        const auto result = server.append(vault, device, first, more);
        bool good = first <= known.size() + 1;
        for (std::size_t i = 0; good && i < more.size(); ++i) {
          const auto at = first - 1 + i;
          if (at < known.size()) good = known[at].bytes == more[i].bytes;
          else if (at > 0 && i == 0) good = known[at - 1].hash == more[0].prev;
        }
        if (good && first - 1 + more.size() > known.size()) {
          known.resize(first - 1);
          known.insert(known.end(), more.begin(), more.end());
        }
        REQUIRE(std::holds_alternative<Head>(result) == good);
        REQUIRE(server.head(vault, device).seq == known.size());
      }
      for (const auto& [place, known] : model) {
        const auto page = server.storage->commits(place.first, place.second, 1, 1 << 20, 1000).value();
        REQUIRE(page.commits.size() == known.size());
        for (std::size_t i = 0; i < known.size(); ++i) REQUIRE(page.commits[i] == known[i].bytes);
      }
    });
  });
}

}  // namespace storage_suite_test
