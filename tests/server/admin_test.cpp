// SPDX-License-Identifier: Apache-2.0
#include "server/admin.hpp"
#include "base/input_errc.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/hex.hpp"
#include "crypto/verify.hpp"
#include "tests/server/api_client.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;
namespace fs = std::filesystem;

namespace admin_test {
namespace {

Bytes contents(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return Bytes{std::istreambuf_iterator<char>{in}, {}};
}

Bytes bytes_of_sealed(const Sealed& sealed) { return {sealed.view().begin(), sealed.view().end()}; }

}  // namespace

TEST_CASE("an invitation's token, as it is printed, makes one account") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {}).value();
  std::ostringstream out;
  REQUIRE(admin::invite(*storage, out));
  const auto token = out.str().substr(0, 32);
  CHECK(out.str() == token + "\n");
  Api api{*storage, {.registration = Registration::invite}};
  const auto create = [&](const std::string& name, std::string_view text) {
    const Bytes invitation(bytes_of(text).begin(), bytes_of(text).end());
    const auto keyring = Sealed::from_untrusted(make_keyring(first_header(name, 1), 1));
    return api.handle(plain("POST", "/v1/account", wire::encode(wire::CreateAccount{name, invitation, keyring, {}})));
  };
  CHECK(create("ann", token.substr(1)).status == 403);
  CHECK(create("ann", token).status == 200);
  CHECK(create("bob", token).status == 403);
}

TEST_CASE("two invitations have two tokens") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {}).value();
  std::ostringstream one, two;
  REQUIRE(admin::invite(*storage, one));
  REQUIRE(admin::invite(*storage, two));
  CHECK(one.str() != two.str());
}

TEST_CASE("the list of accounts has a line for each, of five words") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {.quota = 5000}).value();
  for (const std::string name : {"bob", "ann"}) {
    const auto first = Sealed::from_untrusted(Bytes(100));
    const auto vault = first_header(name, 1).vault;
    REQUIRE(storage->create_account(name, vault, {first, Hash::from(Bytes(32, vault.raw[0])), {}}, {}));
  }
  std::ostringstream out;
  REQUIRE(admin::list_accounts(*storage, out));
  CHECK(out.str() == "ann " + hex(first_header("ann", 1).vault) + " 1 100 5000\n" + "bob " +
                         hex(first_header("bob", 1).vault) + " 1 100 5000\n");
}

TEST_CASE("an export has every keyring version and commit, byte for byte, under the names of FORMAT.md") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {}).value();
  const auto header = first_header("ann", 1);
  const auto one = make_keyring(header, 1), two = make_keyring(next_header(one), 1);
  const auto log_in = LogIn{1, header.seed, header.auth};
  const auto version = [&](const Bytes& bytes) {
    return KeyringVersion{Sealed::from_untrusted(bytes), crypto::keyring_hash(bytes), log_in};
  };
  REQUIRE(storage->create_account("ann", header.vault, version(one), {}));
  REQUIRE(storage->replace_keyring(header.vault, {1, crypto::keyring_hash(one)}, version(two)));
  const auto commits = make_chain(one, 1, 1, 12, 0, 200'000);  // of three pages
  for (std::size_t i = 0; i < commits.size(); ++i) {
    const auto decoded = wire::decode_commit_header(commits[i].view()).value();
    REQUIRE(storage->append(header.vault, {2, crypto::keyring_hash(two)}, device_id(1), i + 1,
                            {{commits[i], crypto::commit_hash(commits[i].view()), decoded.prev}}));
  }
  REQUIRE(admin::export_account(*storage, "ann", folder / "out"));
  CHECK(contents(folder / "out" / "keyring" / "1.bin") == one);
  CHECK(contents(folder / "out" / "keyring" / "2.bin") == two);
  const auto chain = folder / "out" / "chains" / hex(device_id(1));
  for (std::size_t i = 0; i < commits.size(); ++i)
    CHECK(contents(chain / (std::to_string(i + 1) + ".bin")) == bytes_of_sealed(commits[i]));
  const auto entries = [](const fs::path& path) {
    return std::distance(fs::recursive_directory_iterator{path}, fs::recursive_directory_iterator{});
  };
  CHECK(entries(folder / "out") == 2 + 1 + 2 + 12 + 1);  // and the manifest
}

TEST_CASE("an export has every chunk that is there, byte for byte, and no folder of chunks where there is none") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {}).value();
  const auto vault = first_header("ann", 1).vault;
  REQUIRE(storage->create_account("ann", vault, {Sealed::from_untrusted(Bytes(9)), Hash{}, {}}, {}));
  REQUIRE(admin::export_account(*storage, "ann", folder / "none"));
  CHECK_FALSE(fs::exists(folder / "none" / "blobs"));
  const auto put = [&](const BlobId& blob, std::uint64_t index, std::uint64_t count) {
    const auto bytes = make_chunk(chunk_header(vault, 1, blob, index, count), blob.raw[0]);
    REQUIRE(storage->put_chunk(vault, blob, index, {Sealed::from_untrusted(bytes), Hash::from(Bytes(32, 1)), count}));
    return bytes;
  };
  const auto first = put(blob_id(1), 0, 3), last = put(blob_id(1), 2, 3), other = put(blob_id(2), 0, 1);
  REQUIRE(admin::export_account(*storage, "ann", folder / "out"));
  const auto one = folder / "out" / "blobs" / hex(blob_id(1));
  CHECK(contents(one / "0.bin") == first);
  CHECK_FALSE(fs::exists(one / "1.bin"));
  CHECK(contents(one / "2.bin") == last);
  CHECK(contents(folder / "out" / "blobs" / hex(blob_id(2)) / "0.bin") == other);
}

TEST_CASE("an export is of an account that is there, and into a folder that is not") {
  TempFolder folder;
  auto storage = LmdbStorage::open(folder / "data", {}).value();
  CHECK(admin::export_account(*storage, "ann", folder / "out").error() == Errc::not_found);
  CHECK(admin::export_account(*storage, "A/..", folder / "out").error() == InputErrc::account_bad);
  CHECK_FALSE(fs::exists(folder / "out"));
  REQUIRE(storage->create_account("ann", VaultId{}, {Sealed::from_untrusted(Bytes(9)), Hash{}, {}}, {}));
  CHECK(admin::export_account(*storage, "ann", folder.path()).error() == boost::system::errc::file_exists);
}

}  // namespace admin_test
