// SPDX-License-Identifier: Apache-2.0
// The known answers of tests/vectors, for keys, seals, commits, signatures and the small things.
#include "crypto/frame.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/sealer.hpp"
#include "crypto/tags.hpp"
#include "tests/crypto/vec.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace vectors_test {
namespace {

std::uint8_t suite_of(const Block& block) { return static_cast<std::uint8_t>(block.number("suite")); }

Result<RootKey> root_of(const Block& block, Result<Password>& password) {
  password = Password::from(Secret::copy_of(block.bytes("password")));
  if (!password) return password.error();
  return derive_root(*password, suite_of(block), block.text("account"), block.fixed<VaultId>("vault_id"),
                     block.fixed<Seed>("seed"));
}

// hdr0 as a caller gives it: the lengths are not known yet.
Bytes without_lengths(Bytes hdr0) {
  std::fill_n(hdr0.begin() + layout::segments, 8, std::uint8_t{0});
  return hdr0;
}

CommitSigner signer_of(const Block& block) { return block.signer<CommitSigner>("sig_seed"); }

bool opens_epoch(const Bytes& commit) {
  const auto kind = static_cast<Kind>(commit.at(layout::kind));
  return kind == Kind::epoch || kind == Kind::jump;
}

Sealed seal_commit_of(const Block& block) {
  const RandomSource random{block.bytes("r")};
  auto hdr0 = without_lengths(block.bytes("hdr0"));
  Bytes content;
  if (block.has("content")) content = block.bytes("content");
  if (!opens_epoch(hdr0)) {
    const OwnDeviceKey dk{block.key<OwnDeviceKey>("key")};
    return seal_commit(dk, signer_of(block), std::move(hdr0), content);
  }
  const auto seen = BytesView{content}.first(content.size() - 32);
  const OwnDeviceKey dk{key_of<OwnDeviceKey>(BytesView{content}.last(32))};
  return seal_epoch_commit(block.key<WrapKey>("key"), signer_of(block), std::move(hdr0), seen, dk);
}

bool commit_is_accepted(const Block& block) {
  const auto commit = block.bytes("commit");
  if (!verify_commit_signature(block.fixed<SignKey>("sig_pk"), commit)) return false;
  const auto own = DeviceId::from(BytesView{commit}.subspan(layout::device_id, 16));
  if (opens_epoch(commit)) {
    const auto epoch = open_epoch_commit(block.key<WrapKey>("key"), commit);
    return epoch && decode_seen(epoch->seen.view(), own);
  }
  const auto content = open_commit(block.key<DeviceKey>("key"), commit);
  return content && decode_content(static_cast<Kind>(commit[layout::kind]), content->view(), own, nullptr);
}

}  // namespace

TEST_CASE("a password gives the root, AUTH and password key of the known answers", "[claim.9]") {
  for_each_block("kdf.vec", "", 18, [](const Block& block) {
    Result<Password> password = Errc::internal;
    const auto root = root_of(block, password);
    REQUIRE(root.has_value() != block.must_be_refused());
    if (!root) return;
    const auto vault_id = block.fixed<VaultId>("vault_id");
    CHECK(hex(password->nfc()) == block.text("normal"));
    CHECK(hex(password_salt(suite_of(block), block.text("account"), vault_id, block.fixed<Seed>("seed"))) ==
          block.text("salt"));
    CHECK(hex(RootAccess::view(*root)) == block.text("root"));
    CHECK(hex(SignerAccess::seed(auth_key(*root, vault_id))) == block.text("auth_seed"));
    CHECK(hex(auth_key(*root, vault_id).public_key()) == block.text("auth_pk"));
    CHECK(hex(KeyAccess::view(password_key(*root, vault_id))) == block.text("pwk"));
  });
}

TEST_CASE("a seal with the random bytes given is the known answer, byte for byte, and opens", "[claim.9]") {
  for_each_block("seal.vec", "", 30, [](const Block& block) {
    const auto k = block.bytes("k");
    constexpr Kinds kinds{Kind::local, Kind::blob_chunk};
    if (block.has("hdr0")) {
      const auto hdr0 = block.bytes("hdr0");
      // Local state takes no counter values, so that block shows the arithmetic of an object that nobody accepts.
      if (block.number("ctr") != 0 && hdr0[layout::kind] == static_cast<std::uint8_t>(Kind::local)) {
        if (block.has("object"))
          CHECK(Sealer::open(k, kinds, block.bytes("object"), hdr0.size()).how == Opening::malformed);
        return;
      }
      const RandomSource random{block.bytes("r")};
      const auto plaintext = block.bytes_or_fill("plaintext");
      const auto object = Sealer::seal(k, without_lengths(hdr0), Secret::copy_of(plaintext));
      CHECK(block.matches("object", object.view()));
      const auto opened = Sealer::open(k, kinds, object.view(), hdr0.size());
      REQUIRE(opened.how == Opening::opened);
      CHECK(std::ranges::equal(opened.plaintext.view(), plaintext));
    } else {
      const auto opened =
          Sealer::open(k, kinds, block.bytes("object"), block.number("header"), block.number("trailer"));
      CHECK((opened.how == Opening::opened) != block.must_be_refused());
      if (block.has("plaintext")) CHECK(hex(opened.plaintext.view()) == block.text("plaintext"));
    }
  });
}

TEST_CASE("a commit of each kind is the known answer, and altered ones are refused", "[claim.9]") {
  const auto check = [](const Block& block) {
    if (!block.has("commit")) return;  // too large for the file
    CHECK(commit_is_accepted(block) != block.must_be_refused());
    if (!block.has("content")) return;
    const auto commit = seal_commit_of(block);
    CHECK(block.matches("commit", commit.view()));
    CHECK(hex(commit_hash(commit.view())) == block.text("commit_hash"));
  };
  for_each_block("commit.vec", "", 15, check);
  for_each_block("jump.vec", "", 18, check);
}

TEST_CASE("signatures verify as strictly as the known answers say", "[claim.9]") {
  for_each_block("ed25519.vec", "", 40, [](const Block& block) {
    const bool good =
        verify_signature(block.fixed<SignKey>("public"), block.bytes("message"), block.fixed<Signature>("signature"));
    CHECK(good != block.must_be_refused());
  });
}

TEST_CASE("every label derives what the known answers say", "[claim.9]") {
  for_each_block("misc.vec", "hkdf", 20, [](const Block& block) {
    const auto context = block.bytes("context");
    CHECK(hex(info_of(block.text("label"), {context})) == block.text("info"));
    CHECK(hex(derive(block.bytes("ikm"), block.text("label"), {context}, block.number("n")).view()) ==
          block.text("out"));
  });
}

TEST_CASE("a state code is the known answer", "[claim.9]") {
  for_each_block("misc.vec", "state_code", 3, [](const Block& block) {
    CHECK(state_code(block.fixed<VaultId>("vault_id"), block.fixed<Hash>("commit_hash")) == block.text("code"));
  });
}

TEST_CASE("the winner among heads is the known answer", "[claim.9]") {
  for_each_block("misc.vec", "winner", 4, [](const Block& block) {
    std::vector<Rank> heads;
    for (int i = 0; block.has("version" + std::to_string(i)); ++i) {
      const auto words = block.words("version" + std::to_string(i));
      if (block.text("heads").find(words.at(0)) == std::string::npos) continue;
      const auto id = bytes_of_hex(words.at(0));
      ByteReader in{id};
      heads.push_back({static_cast<Operation>(std::stoi(words.at(1))), std::stoull(words.at(2)), VersionId::read(in)});
    }
    std::ranges::sort(heads, wins_over);
    std::string ids;
    for (const auto& head : heads) ids += (ids.empty() ? "" : ",") + hex(BytesView{head.id.bytes()});
    CHECK(ids == block.text("heads"));
    CHECK(ids.substr(0, 72) == block.text("winner"));
  });
}

}  // namespace vectors_test
