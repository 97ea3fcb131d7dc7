// SPDX-License-Identifier: Apache-2.0
// The properties of the seal: no pair of key and IV twice, refusal of everything altered, one error, nothing left over.
#include <map>
#include <set>

#include "crypto/blob.hpp"
#include "crypto/local.hpp"
#include "crypto/sealer.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace seal_test {
namespace {

const auto local_key = [] { return key_of_byte<LocalKey>(0x42); };
const LocalPlace a_place{cheap, a_vault, a_device, 3, 9, 17};

OwnDeviceKey dk() { return key_of_byte<OwnDeviceKey>(0xaa); }

Bytes ciphertext_of(const Sealed& commit) { return {commit.view().begin() + 200, commit.view().end() - 64}; }

// Every pair of what was sealed is another one, unless the ciphertext is the same too.
void check_pairs(const std::vector<AuditEntry>& entries) {
  std::map<Hash, Hash> ciphertext_of_pair;
  for (const auto& entry : entries) {
    const auto [at, is_new] = ciphertext_of_pair.emplace(entry.pair, entry.ciphertext);
    REQUIRE((is_new || at->second == entry.ciphertext));
  }
}

}  // namespace

TEST_CASE("with a random generator that always gives the same, other plaintexts have other keys") {
  const RandomSource constant{Bytes(32, 0)};
  Audit audit;
  const auto signer = signer_of_byte<CommitSigner>(2);
  std::set<Bytes> ciphertexts;
  for (int i = 0; i < 300; ++i)
    ciphertexts.insert(ciphertext_of(seal_commit(dk(), signer, commit_hdr0(), bytes_of(std::to_string(i)))));
  CHECK(ciphertexts.size() == 300);
  std::set<Hash> pairs;
  for (const auto& entry : audit.entries) pairs.insert(entry.pair);
  CHECK(pairs.size() == 300);
}

TEST_CASE("with a constant generator and a counter that went back, another header or length has another key",
          "[claim.1]") {
  const RandomSource constant{Bytes(32, 7)};
  Audit audit;
  const auto signer = signer_of_byte<CommitSigner>(2);
  for (std::uint64_t seq = 1; seq < 50; ++seq)
    (void)seal_commit(dk(), signer, commit_hdr0({.counter = 5, .seq = seq}), bytes_of("same"));
  (void)seal_commit(dk(), signer, commit_hdr0({.counter = 5, .seq = 1}), Bytes(300, 0));
  std::set<Hash> pairs;
  for (const auto& entry : audit.entries) pairs.insert(entry.pair);
  CHECK(pairs.size() == audit.entries.size());
}

TEST_CASE("equal everything gives equal bytes, and says nothing new") {
  const RandomSource constant{Bytes(32, 7)};
  const auto signer = signer_of_byte<CommitSigner>(2);
  Audit audit;
  const auto once = seal_commit(dk(), signer, commit_hdr0(), bytes_of("same"));
  const auto twice = seal_commit(dk(), signer, commit_hdr0(), bytes_of("same"));
  CHECK(once == twice);
  check_pairs(audit.entries);
}

TEST_CASE("no pair of key and IV repeats, with any mixture of objects, keys and lying generators", "[claim.1]") {
  for_all(20, [](Random& random) {
    Audit audit;
    const auto bytes = random.bytes(32);
    std::optional<RandomSource> lie;
    if (random.chance(50)) lie.emplace(bytes);
    const auto signer = signer_of_byte<CommitSigner>(2);
    for (int i = 0; i < 40; ++i) {
      const auto content = random.bytes(random.below(40'000));
      const auto kind = random.chance(50) ? Kind::data : Kind::ack;
      (void)seal_commit(dk(), signer, commit_hdr0({.kind = kind, .counter = random.below(4)}), content);
      (void)seal_local(local_key(), a_place, content);
    }
    check_pairs(audit.entries);
  });
}

TEST_CASE("two seals of one plaintext share nothing") {
  const auto signer = signer_of_byte<CommitSigner>(2);
  const auto a = seal_commit(dk(), signer, commit_hdr0(), bytes_of("same"));
  const auto b = seal_commit(dk(), signer, commit_hdr0(), bytes_of("same"));
  CHECK(ciphertext_of(a) != ciphertext_of(b));
  CHECK_FALSE(std::ranges::equal(a.view().subspan(136, 64), b.view().subspan(136, 64)));
}

TEST_CASE("the audit names the device and counts the counter up by segment") {
  Audit audit;
  (void)seal_commit(dk(), signer_of_byte<CommitSigner>(2), commit_hdr0({.counter = 100}), Bytes(40'000));
  REQUIRE(audit.entries.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(audit.entries[i].counter == 100 + i);
    CHECK(audit.entries[i].device == a_device);
  }
}

TEST_CASE("segments cannot change places, be left out or repeated") {
  const auto sealed = seal_local(local_key(), a_place, Bytes(40'000, 1));
  const auto bytes = sealed.view();
  const std::size_t at = 70 + 64, step = 16384 + 16;
  const auto parts = [&](std::initializer_list<std::size_t> order) {
    Bytes out{bytes.begin(), bytes.begin() + at};
    for (auto i : order) {
      const auto part = bytes.subspan(at + i * step, std::min(step, bytes.size() - at - i * step));
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  };
  CHECK(open_local(local_key(), parts({0, 1, 2})));
  CHECK_FALSE(open_local(local_key(), parts({1, 0, 2})));
  CHECK_FALSE(open_local(local_key(), parts({0, 0, 2})));
  CHECK_FALSE(open_local(local_key(), parts({0, 1})));
}

TEST_CASE("local state opens to its place and content, and every single flipped bit is refused") {
  const auto sealed = seal_local(local_key(), a_place, bytes_of("state"));
  const auto opened = open_local(local_key(), sealed.view());
  REQUIRE(opened);
  CHECK(opened->place == a_place);
  CHECK(opened->content.text() == "state");
  CHECK(local_generation(sealed.view()) == 3);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit)
    REQUIRE_FALSE(open_local(local_key(), flipped(sealed.view(), bit)));
}

TEST_CASE("local state with a counter is refused: its kind has none") {
  const auto sealed = seal_local(local_key(), a_place, bytes_of("state"));
  Bytes bytes{sealed.view().begin(), sealed.view().end()};
  bytes[47] = 1;
  CHECK(Sealer::open(Bytes(32, 0x42), {Kind::local}, bytes, layout::local_hdr0).how == Opening::malformed);
}

TEST_CASE("lengths that lie are refused before anything is allocated for them") {
  const auto sealed = seal_local(local_key(), a_place, bytes_of("state"));
  for (const std::size_t offset : {layout::segments, layout::total})
    for (const int value : {0x01, 0x7f, 0xff}) {
      Bytes bytes{sealed.view().begin(), sealed.view().end()};
      bytes[offset] = static_cast<std::uint8_t>(value);
      CHECK(Sealer::open(Bytes(32, 0x42), {Kind::local}, bytes, layout::local_hdr0).how == Opening::malformed);
    }
}

TEST_CASE("a chunk opens in its place of its blob only") {
  const auto key = new_blob_key();
  BlobPlace place{cheap, a_vault, a_device, new_blob_id(), 1, 2};
  const auto chunk = seal_chunk(key, place, bytes_of("tail"));
  CHECK(chunk.size() == sealed_chunk_size(chunk_bytes + 4, 1));
  CHECK(open_chunk(key, place, chunk.view(), 4)->text() == "tail");
  CHECK_FALSE(open_chunk(key, place, chunk.view(), 3));
  CHECK_FALSE(open_chunk(key, place, chunk.view(), 300));
  CHECK_FALSE(open_chunk(new_blob_key(), place, chunk.view(), 4));
  for (auto change : {+[](BlobPlace& p) { p.index = 0; }, +[](BlobPlace& p) { p.count = 3; },
                      +[](BlobPlace& p) { p.vault = {}; }, +[](BlobPlace& p) { p.blob = {}; }}) {
    auto other = place;
    change(other);
    CHECK_FALSE(open_chunk(key, other, chunk.view(), 4));
  }
}

TEST_CASE("a path of the tree proves its leaf, in its place, and no other") {
  for (std::size_t count = 1; count <= 40; ++count) {
    std::vector<Hash> leaves;
    TreeHash tree;
    for (std::size_t i = 0; i < count; ++i)
      tree.add(leaves.emplace_back(TreeHash::leaf(Bytes(1, static_cast<std::uint8_t>(i)))));
    for (std::size_t i = 0; i < count; ++i) {
      const auto path = tree_path(leaves, i);
      REQUIRE(tree_contains(leaves[i], i, count, path, tree.root()));
      REQUIRE_FALSE(tree_contains(leaves[i], i + 1, count, path, tree.root()));
      REQUIRE_FALSE(tree_contains(of_byte<Hash>(1), i, count, path, tree.root()));
      if (!path.empty())
        REQUIRE_FALSE(tree_contains(leaves[i], i, count, std::span{path}.first(path.size() - 1), tree.root()));
    }
  }
}

}  // namespace seal_test
