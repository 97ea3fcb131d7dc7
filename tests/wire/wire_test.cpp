// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"
#include "wire/blob_chunk.hpp"
#include "wire/blob_path.hpp"
#include "wire/commit_header.hpp"
#include "wire/errc.hpp"
#include "wire/keyring_header.hpp"
#include "wire/messages.hpp"
#include "wire/seal_header.hpp"

using namespace vault;
using namespace vault::wire;
using tests::Random;

namespace wire_test {
namespace {

// A commit of one segment of 256 bytes, sound in every clear field.
CommitHeader header(Random& random) {
  return {.suite = 1,
          .kind = CommitKind::data,
          .vault = random.fixed<VaultId>(),
          .device = random.fixed<DeviceId>(),
          .counter = random.below(1000),
          .segments = 1,
          .total = commit_fixed_bytes + 256 + 16,
          .epoch = 3,
          .seq = 9,
          .keyring_version = 4,
          .keyring_hash = random.fixed<Hash>(),
          .prev = random.fixed<Hash>()};
}

Bytes commit(const CommitHeader& h) {
  auto bytes = encode(h);
  bytes.resize(h.total);
  return bytes;
}

KeyringHeader keyring(Random& random) {
  KeyringHeader h{.suite = 1,
                  .vault = random.fixed<VaultId>(),
                  .author = random.fixed<DeviceId>(),
                  .segments = 1,
                  .version = 2,
                  .generation = 2,
                  .prev = random.fixed<Hash>()};
  h.seed = random.fixed<Seed>();
  h.auth = random.fixed<SignKey>();
  h.account = "ann@example.org";
  h.password_slot = Sealed::from_untrusted(random.bytes(176));
  DeviceId a = random.fixed<DeviceId>(), b = random.fixed<DeviceId>();
  if (b < a) std::swap(a, b);
  h.device_slots = {{a, Sealed::from_untrusted(random.bytes(200))}, {b, Sealed::from_untrusted(random.bytes(200))}};
  h.devices = {{a, random.fixed<SignKey>(), random.fixed<SignKey>(), true},
               {b, random.fixed<SignKey>(), random.fixed<SignKey>(), false}};
  return h;
}

Bytes whole(KeyringHeader h, std::size_t rest = 500) {
  h.total = static_cast<std::uint32_t>(encode(h).size() + rest);
  auto bytes = encode(h);
  bytes.resize(h.total);
  return bytes;
}

}  // namespace

TEST_CASE("a commit header is 136 bytes and reads back as it was written") {
  tests::for_all(50, [](Random& random) {
    const auto h = header(random);
    CHECK(encode(h).size() == commit_header_bytes);
    const auto back = decode_commit_header(commit(h));
    REQUIRE(back);
    CHECK(encode(*back) == encode(h));
  });
}

TEST_CASE("a commit header with a wrong fixed field is refused, each with its class") {
  Random random{1};
  const auto good = commit(header(random));
  auto with = [&](std::size_t at, std::uint8_t value) {
    auto bad = good;
    bad[at] = value;
    return class_of(decode_commit_header(bad).error());
  };
  CHECK(with(0, 'X') == Errc::tamper);
  CHECK(with(4, 3) == Errc::downgrade);  // format
  CHECK(with(4, 1) == Errc::downgrade);  // of what was never released, in words of its own
  CHECK(with(5, 9) == Errc::downgrade);  // suite
  CHECK(with(6, 0) == Errc::downgrade);  // kind
  CHECK(with(6, 7) == Errc::downgrade);
  CHECK(with(7, 1) == Errc::tamper);
  CHECK(with(40, 1) == Errc::tamper);             // counter above 2^48
  CHECK(with(51, 2) == Errc::tamper);             // segments that do not fit
  CHECK(with(55, good[55] ^ 1) == Errc::tamper);  // total
  CHECK(with(59, 0) == Errc::tamper);             // epoch 0
  CHECK(with(67, 0) == Errc::tamper);             // seq 0
  CHECK(with(71, 0) == Errc::tamper);             // keyring version 0
}

TEST_CASE("an object of the format that was never released is refused in words of its own") {
  Random random{3};
  auto old = commit(header(random));
  old[4] = 1;
  CHECK(decode_commit_header(old).error() == WireErrc::format_older);
  old = whole(keyring(random));
  old[4] = 1;
  CHECK(decode_keyring_header(old).error() == WireErrc::format_older);
}

TEST_CASE("every truncation and every extension of a commit is refused") {
  Random random{2};
  const auto good = commit(header(random));
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(decode_commit_header(BytesView{good}.first(n)));
  auto longer = good;
  longer.push_back(0);
  CHECK_FALSE(decode_commit_header(longer));
  CHECK(class_of(decode_commit_header(Bytes(limits::commit_bytes + 1)).error()) == Errc::limit);
}

TEST_CASE("segments fit a total exactly when they are as many as the plaintext needs") {
  const auto fixed = commit_fixed_bytes;
  auto total = [&](std::size_t plain, std::size_t n) { return static_cast<std::uint32_t>(fixed + plain + 16 * n); };
  CHECK(segments_fit(1, total(1, 1), fixed));
  CHECK(segments_fit(1, total(16384, 1), fixed));
  CHECK_FALSE(segments_fit(1, total(16385, 1), fixed));
  CHECK(segments_fit(2, total(16385, 2), fixed));
  CHECK_FALSE(segments_fit(2, total(16384, 2), fixed));
  CHECK_FALSE(segments_fit(0, total(0, 0), fixed));
  CHECK_FALSE(segments_fit(1, total(0, 1), fixed));
  CHECK_FALSE(segments_fit(0xffffffff, 1000, fixed));
}

TEST_CASE("the public part of a keyring reads back as it was written") {
  tests::for_all(50, [](Random& random) {
    const auto h = keyring(random);
    const auto back = decode_keyring_header(whole(h));
    REQUIRE(back);
    auto expected = h;
    expected.total = back->header.total;
    CHECK(encode(back->header) == encode(expected));
    CHECK(back->size == encode(expected).size());
    CHECK(*back->header.find(h.devices[1].id) == h.devices[1]);
    CHECK(back->header.find(random.fixed<DeviceId>()) == nullptr);
  });
}

TEST_CASE("a keyring with an unsound public part is refused") {
  Random random{3};
  const auto good = keyring(random);
  REQUIRE(decode_keyring_header(whole(good)));
  auto refused = [&](auto change) {
    auto bad = good;
    change(bad);
    return !decode_keyring_header(whole(bad));
  };
  CHECK(refused([](auto& h) { h.version = 0; }));
  CHECK(refused([](auto& h) { h.generation = 3; }));  // above the version
  CHECK(refused([](auto& h) { h.generation = 0; }));
  CHECK(refused([](auto& h) { h.prev = {}; }));
  CHECK(refused([](auto& h) { h.account = "Ann"; }));
  CHECK(refused([](auto& h) { h.account = ""; }));
  CHECK(refused([](auto& h) { std::swap(h.devices[0], h.devices[1]); }));
  CHECK(refused([](auto& h) { h.devices[1].id = h.devices[0].id; }));
  CHECK(refused([](auto& h) { h.devices.clear(); }));
  CHECK(refused([](auto& h) { h.password_slot = {}; }));
  CHECK(refused([](auto& h) { h.siblings.resize(2); }));
  CHECK(refused([](auto& h) { h.recovery_slot = Sealed::from_untrusted(Bytes(100)); }));  // without RAUTH
  CHECK(class_of(decode_keyring_header(Bytes(limits::keyring_bytes + 1)).error()) == Errc::limit);
}

TEST_CASE("every message reads back as it was written, and no truncation of it does") {
  Random random{4};
  auto both = [](const auto& message) {
    using Message = std::remove_cvref_t<decltype(message)>;
    const auto bytes = encode(message);
    const auto back = decode<Message>(bytes);
    REQUIRE(back);
    CHECK(encode(*back) == bytes);
    for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode<Message>(BytesView{bytes}.first(n)));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode<Message>(longer));
  };
  auto sealed = [&] { return Sealed::from_untrusted(random.bytes(20)); };
  both(PreloginRequest{"ann"});
  both(Prelogin{1, random.fixed<VaultId>(), random.fixed<Seed>()});
  both(SessionRequest{"ann", random.fixed<VaultId>(), {}});
  both(Session{random.fixed<SessionId>(), random.fixed<Challenge>()});
  both(CreateAccount{"ann", random.bytes(3), sealed(), {}});
  both(KeyringHead{3, random.fixed<Hash>()});
  both(Head{3, random.fixed<Hash>()});
  both(KeyringPage{{3, random.fixed<Hash>()}, {sealed(), sealed()}});
  both(CommitPage{{sealed(), sealed()}});
  both(CommitConflict{7, sealed()});
  both(BlobLeaves{{random.fixed<Hash>(), {}}});
  DeviceId low{}, high{};
  high.raw[0] = 1;
  both(Heads{{1, random.fixed<Hash>()}, {{low, {1, random.fixed<Hash>()}}, {high, {2, random.fixed<Hash>()}}}});
  CHECK_FALSE(decode<Heads>(encode(Heads{{1, {}}, {{high, {1, {}}}, {low, {1, {}}}}})));
  CHECK_FALSE(decode<PreloginRequest>(encode(PreloginRequest{"Ann Other"})));
}

TEST_CASE("the hashes of a blob are as many as they say, at least one, and at most as many as a blob may have") {
  const auto refused = [](std::uint64_t count, std::size_t hashes) {
    return !decode<BlobLeaves>(ByteWriter{}.u64(count).raw(Bytes(hashes * Hash::size)).take());
  };
  CHECK_FALSE(refused(limits::blob_chunks, limits::blob_chunks));
  CHECK(refused(limits::blob_chunks + 1, limits::blob_chunks + 1));
  CHECK(refused(0, 0));
  CHECK(refused(1ull << 59, 0));  // times 32 it is 0
  CHECK(encode(BlobLeaves{std::vector<Hash>(limits::blob_chunks)}).size() < limits::body_bytes);
}

TEST_CASE("a path of a blob has one spelling, and reads back") {
  Random random{6};
  const auto blob = random.fixed<BlobId>();
  const auto id = "/v1/blob/" + hex(blob);
  CHECK(to_path({blob, std::nullopt}) == id);
  CHECK(to_path({blob, 65535}) == id + "/65535");
  for (const BlobPath path : {BlobPath{blob, std::nullopt}, BlobPath{blob, 0}, BlobPath{blob, 65535}})
    CHECK(parse_blob_path(to_path(path)) == path);
  for (auto bad : {"/", "/00", "/01", "/-1", "/+1", "/1/", "/1x", "/65536", "/18446744073709551616", "1", "/ 1"})
    CHECK_FALSE(parse_blob_path(id + bad));
  for (auto bad : {"/v1/blob/", "/v1/blob/00", "/v1/blob", "/v1/chain/00000000000000000000000000000000"})
    CHECK_FALSE(parse_blob_path(bad));
  CHECK_FALSE(parse_blob_path("/v1/blob/0000000000000000000000000000000A"));
}

namespace {

BlobChunkHeader chunk_header(Random& random, std::uint64_t index, std::uint64_t count, std::size_t plain) {
  const auto segments = static_cast<std::uint32_t>((plain + 16383) / 16384);
  return {.suite = 1,
          .vault = random.fixed<VaultId>(),
          .device = random.fixed<DeviceId>(),
          .blob = random.fixed<BlobId>(),
          .segments = segments,
          .total = static_cast<std::uint32_t>(blob_chunk_header_bytes + 64 + plain + 16 * segments),
          .index = index,
          .count = count};
}

Bytes chunk(const BlobChunkHeader& h) {
  auto bytes = encode(h);
  bytes.resize(h.total);
  return bytes;
}

}  // namespace

TEST_CASE("the header of a chunk reads back as it was written") {
  Random random{7};
  for (const auto& h : {chunk_header(random, 0, 1, 1 << 17), chunk_header(random, 0, 2, limits::chunk_bytes),
                        chunk_header(random, 1, 2, 256), chunk_header(random, 65535, 65536, limits::chunk_bytes)}) {
    CHECK(encode(h).size() == blob_chunk_header_bytes);
    const auto back = decode_blob_chunk(chunk(h));
    REQUIRE(back);
    CHECK(encode(*back) == encode(h));
  }
}

TEST_CASE("a chunk with a wrong clear field, a byte too few or a byte too many is refused, each with its class") {
  Random random{8};
  const auto why = [](const BlobChunkHeader& h) { return class_of(decode_blob_chunk(chunk(h)).error()); };
  CHECK(why(chunk_header(random, 2, 2, 256)) == Errc::tamper);  // index beyond the count
  CHECK(why(chunk_header(random, 0, 0, 256)) == Errc::tamper);
  CHECK(why(chunk_header(random, 0, 2, 256)) == Errc::tamper);  // not the last, and not full
  CHECK(why(chunk_header(random, 0, 65537, limits::chunk_bytes)) == Errc::limit);
  CHECK(why(chunk_header(random, 0, 1, limits::chunk_bytes + 1)) == Errc::limit);
  const auto good = chunk(chunk_header(random, 1, 2, 256));
  REQUIRE(decode_blob_chunk(good));
  const auto with = [&good](std::size_t at, std::uint8_t value) {
    auto bad = good;
    bad[at] = value;
    return class_of(decode_blob_chunk(bad).error());
  };
  CHECK(with(0, 'X') == Errc::tamper);
  CHECK(with(4, 3) == Errc::downgrade);  // format
  CHECK(with(4, 1) == Errc::downgrade);  // of what was never released, in words of its own
  CHECK(with(5, 9) == Errc::downgrade);  // suite
  CHECK(with(6, 1) == Errc::tamper);     // a commit
  CHECK(with(6, 21) == Errc::tamper);    // local state
  CHECK(with(47, 0) == Errc::tamper);    // a counter that is not the index
  CHECK(with(51, 2) == Errc::tamper);    // segments that do not fit
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(decode_blob_chunk(BytesView{good}.first(n)));
  auto longer = good;
  longer.push_back(0);
  CHECK_FALSE(decode_blob_chunk(longer));
}

TEST_CASE("the Authorization header reads back, and nothing else does") {
  Random random{5};
  const Authorization good{random.fixed<SessionId>(), 42, random.fixed<Signature>()};
  const auto text = encode(good);
  const auto back = decode_authorization(text);
  REQUIRE(back);
  CHECK(back->number == 42);
  CHECK(encode(*back) == text);
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(decode_authorization(text.substr(0, n)));
  for (auto bad : {"Bearer x", "Vaultd ,,", "Vaultd 00,1,00", ""}) CHECK_FALSE(decode_authorization(bad));
  CHECK_FALSE(decode_authorization("Vaultd " + hex(good.session) + ",-1," + hex(good.signature)));
  CHECK_FALSE(decode_authorization("Vaultd " + hex(good.session) + ",0," + hex(good.signature)));
}

}  // namespace wire_test
