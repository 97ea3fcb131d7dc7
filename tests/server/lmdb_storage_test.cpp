// SPDX-License-Identifier: Apache-2.0
#include "server/lmdb_storage.hpp"

#include "store/errc.hpp"
#include "tests/server/storage_suite.hpp"
#include "tests/store/in_child.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::server;
using tests::TempFolder;

namespace lmdb_storage_test {
namespace {

const tests::ListEngine lmdb{{"lmdb", [](const std::filesystem::path& folder, std::uint64_t quota) {
                                return LmdbStorage::open(folder / "lmdb", {.quota = quota}).value();
                              }}};

}  // namespace

TEST_CASE("a running server's database takes invitations from a tool beside it, and no second server") {
  TempFolder folder;
  auto server = LmdbStorage::open(folder / "data", {}).value();
  const Hash token{};
  CHECK(tests::in_child([&] {
          if (LmdbStorage::open(folder / "data", {}).error() != StoreErrc::state_in_use) return 1;
          auto tool = LmdbStorage::open(folder / "data", {.sharing = store::Sharing::beside}).value();
          return tool->add_invitation(token) ? 0 : 2;
        }) == 0);
  CHECK(server->create_account("a", VaultId{}, {}, token).has_value());
}

TEST_CASE("a tool beside no database makes none") {
  TempFolder folder;
  std::filesystem::create_directory(folder / "data");
  std::filesystem::permissions(folder / "data", std::filesystem::perms::owner_all);
  CHECK(LmdbStorage::open(folder / "data", {.sharing = store::Sharing::beside}).error() == Errc::not_found);
  CHECK(std::filesystem::is_empty(folder / "data"));
}

TEST_CASE("a backup made while the server runs opens as the server it was") {
  TempFolder folder;
  auto server = LmdbStorage::open(folder / "data", {}).value();
  REQUIRE(server->create_account("a", VaultId{}, {Sealed::from_untrusted(Bytes{1}), Hash{}, {}}, {}));
  std::filesystem::create_directory(folder / "copy");
  std::filesystem::permissions(folder / "copy", std::filesystem::perms::owner_all);
  REQUIRE(server->copy_to(folder / "copy" / "data.mdb"));
  auto copy = LmdbStorage::open(folder / "copy", {}).value();
  CHECK(copy->secret().value() == server->secret().value());
  CHECK(copy->find_account("a").value() == server->find_account("a").value());
}

}  // namespace lmdb_storage_test
