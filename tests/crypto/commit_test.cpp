// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace commit_test {
namespace {

const auto dk = [] { return OwnDeviceKey{key_of_byte<OwnDeviceKey>(0xaa)}; };
const auto signer = [] { return signer_of_byte<CommitSigner>(2); };

Sealed a_commit(std::string_view content, const CommitFields& fields = {}) {
  return seal_commit(dk(), signer(), commit_hdr0(fields), bytes_of(content));
}

}  // namespace

TEST_CASE("a commit opens to its content and its signature verifies") {
  const auto commit = a_commit("hello");
  const auto content = open_commit(dk().opener(), commit.view());
  REQUIRE(content);
  CHECK(content->text() == "hello");
  CHECK(verify_commit_signature(signer().public_key(), commit.view()));
  CHECK(commit.size() == 536);
}

TEST_CASE("every single flipped bit of a commit is refused by the seal or by the signature") {
  const auto commit = a_commit("hello");
  const auto key = dk().opener();
  const auto sig = signer().public_key();
  for (std::size_t bit = 0; bit < commit.size() * 8; ++bit) {
    const auto bad = flipped(commit.view(), bit);
    INFO("bit " << bit);
    const bool in_signature = bit / 8 >= commit.size() - 64;
    if (!in_signature) REQUIRE_FALSE(open_commit(key, bad));
    REQUIRE_FALSE(verify_commit_signature(sig, bad));
  }
}

TEST_CASE("a commit cut or extended anywhere is refused") {
  const auto commit = a_commit("hello");
  const auto key = dk().opener();
  for (std::size_t size = 0; size < commit.size(); ++size) REQUIRE_FALSE(open_commit(key, commit.view().first(size)));
  Bytes longer{commit.view().begin(), commit.view().end()};
  longer.push_back(0);
  CHECK_FALSE(open_commit(key, longer));
}

TEST_CASE("an unknown suite or format is a downgrade, and every other defect is tamper") {
  const auto commit = a_commit("hello");
  const auto key = dk().opener();
  auto bad = Bytes{commit.view().begin(), commit.view().end()};
  bad[5] = 2;
  CHECK(open_commit(key, bad).error() == Errc::downgrade);
  bad[5] = cheap;
  for (const auto format : {0, 1, 3}) {
    bad[4] = static_cast<std::uint8_t>(format);
    CHECK(open_commit(key, bad).error() == Errc::downgrade);
  }
  bad[4] = layout::format;
  bad[300] ^= 1;
  CHECK(open_commit(key, bad).error() == Errc::tamper);
  CHECK(open_commit(key_of_byte<DeviceKey>(0xab), commit.view()).error() == Errc::tamper);
  CHECK(open_commit(key, Bytes(2'000'000)).error() == Errc::limit);
}

TEST_CASE("an epoch commit gives the device key to who has the vault key, and no data key opens it") {
  const auto vk = VaultKey{key_of_byte<VaultKey>(1)};
  const auto wrap = vk.wrap(a_vault, a_device, 1);
  const auto seen = encode_seen({});
  const auto epoch = seal_epoch_commit(wrap, signer(), commit_hdr0({.kind = Kind::epoch, .seq = 1}), seen, dk());
  const auto opened = open_epoch_commit(wrap, epoch.view());
  REQUIRE(opened);
  CHECK(std::ranges::equal(opened->seen.view(), seen));
  CHECK(open_commit(opened->key, a_commit("hello").view())->text() == "hello");
  CHECK_FALSE(open_epoch_commit(vk.wrap(a_vault, a_device, 2), epoch.view()));
  CHECK_FALSE(open_commit(dk().opener(), epoch.view()));
}

TEST_CASE("a commit of any size opens to the same bytes, and takes as many counter values as it says") {
  for_all(60, [](Random& random) {
    const auto content = random.bytes(random.below(random.chance(20) ? 200'000 : 600));
    Audit audit;
    const auto commit = seal_commit(dk(), signer(), commit_hdr0(), content);
    const auto opened = open_commit(dk().opener(), commit.view());
    REQUIRE(opened);
    REQUIRE(std::ranges::equal(opened->view(), content));
    REQUIRE(audit.entries.size() == commit_segments(content.size()));
  });
}

TEST_CASE("the largest content fits a commit") {
  const Bytes content(limits::commit_plain_bytes, 0x5a);
  const auto commit = seal_commit(dk(), signer(), commit_hdr0(), content);
  CHECK(commit.size() == limits::commit_bytes);
  CHECK(open_commit(dk().opener(), commit.view())->size() == content.size());
}

}  // namespace commit_test
