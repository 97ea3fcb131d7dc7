// SPDX-License-Identifier: Apache-2.0
// The known answers of tests/vectors for whole vaults with jumps in their chains: what the Python reader reads, and
// what it refuses, each with the class of error that a server deserves who shows it.
#include "daemon/state/commit_rows.hpp"
#include "tests/crypto/vec.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace vectors_chains_test {
namespace {

using Objects = std::map<std::string, Bytes>;

Objects objects_of_file() {
  Objects out;
  for_each_block("chains.vec", "object", 50,
                 [&](const Block& block) { out[block.text("name")] = block.bytes("object"); });
  return out;
}

std::string numbered(const char* key, std::uint64_t i) { return key + std::to_string(i); }

Sealed object_of(const Objects& objects, const std::string& name) { return Sealed::from_untrusted(objects.at(name)); }

std::vector<Sealed> versions_of(const Block& block, const Objects& objects) {
  std::vector<Sealed> out;
  for (std::uint64_t v = 1; block.has(numbered("keyring", v)); ++v)
    out.push_back(object_of(objects, block.text(numbered("keyring", v))));
  return out;
}

std::shared_ptr<const Keychain> keychain_of(const Block& block, const std::vector<Sealed>& versions) {
  const daemon::LoginTerms terms{block.text("account"), static_cast<std::uint8_t>(block.number("suite")),
                                 block.fixed<VaultId>("vault_id"), block.fixed<Seed>("seed")};
  const auto password = Password::from(Secret::copy_of(block.bytes("password")));
  const auto root = derive_root(password.value(), terms.suite, terms.account, terms.vault, terms.seed);
  return Keychain::accept(versions, root.value(), terms).value();
}

// A line of `what`: device_id, seq, hash.
std::map<DeviceId, Head> heads_of(const Block& block, const char* what) {
  std::map<DeviceId, Head> out;
  for (std::uint64_t i = 0; block.has(numbered(what, i)); ++i) {
    const auto words = block.words(numbered(what, i));
    out[of_hex<DeviceId>(words.at(0))] = {std::stoull(words.at(1)), of_hex<Hash>(words.at(2))};
  }
  return out;
}

void store_chains(store::Store& store, const Block& block, const Objects& objects) {
  const auto stored = store.write([&](store::WriteTxn& tx) {
    for (std::uint64_t i = 0; block.has(numbered("chain", i)); ++i) {
      const auto words = block.words(numbered("chain", i));
      for (std::size_t at = 1; at < words.size(); ++at) {
        const auto colon = words[at].find(':');
        const store::Place place{of_hex<DeviceId>(words[0]), std::stoull(words[at].substr(0, colon))};
        daemon::put_commit(tx, place, object_of(objects, words[at].substr(colon + 1)));
      }
    }
  });
  REQUIRE(stored);
}

}  // namespace

TEST_CASE("vaults with jumps are read or refused as the known answers say", "[claim.9]") {
  const auto objects = objects_of_file();
  for_each_block("chains.vec", "vault", 70, [&](const Block& block) {
    const auto versions = versions_of(block, objects);
    const auto keychain = keychain_of(block, versions);
    const TempFolder folder;
    auto store = open_store(folder);
    store_chains(store, block, objects);
    const auto read = daemon::verify(store, *keychain, {}, heads_of(block, "shown"), {});
    if (block.must_be_refused()) {
      REQUIRE(!read);
      CHECK(error_class(read.error()).kind == block.text("class"));
    } else {
      INFO((read ? std::string{} : read.error().message()));
      REQUIRE(read);
      CHECK(daemon::heads_of(read->ledger) == heads_of(block, "end"));
    }
  });
}

}  // namespace vectors_chains_test
