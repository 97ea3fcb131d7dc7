// SPDX-License-Identifier: Apache-2.0
#include "store/codec.hpp"

#include "base/hex.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::store;
using tests::Random;

namespace codec_test {
namespace {

struct Mixed {
  std::uint8_t kind = 0;
  std::uint32_t number = 0;
  std::string text;
  static constexpr auto fields = std::make_tuple(&Mixed::kind, &Mixed::number, &Mixed::text);
  bool operator==(const Mixed&) const = default;
};
static_assert(!Codec<Mixed>::fixed && Codec<Place>::fixed && Codec<Head>::fixed);

}  // namespace

TEST_CASE("keys and values lie as SCHEMA.md says") {
  CHECK(hex(encode(std::uint32_t{0x01020304})) == "01020304");
  CHECK(hex(encode(Place{DeviceId{}, 0x0a})) ==
        "00000000000000000000000000000000"
        "000000000000000a");
  CHECK(encode(Head{}).size() == 40);
  CHECK(hex(encode(Mixed{1, 2, "ab"})) ==
        "01"
        "00000002"
        "6162");
}

TEST_CASE("the order of encoded keys is the order of the keys") {
  tests::for_all(300, [](Random& random) {
    auto place = [&random] {
      Place out{DeviceId{}, random.below(random.chance(50) ? 300 : 1ull << 40)};
      out.device.raw[15] = static_cast<std::uint8_t>(random.below(3));
      return out;
    };
    const auto a = place(), b = place();
    CHECK((encode(a) < encode(b)) == (a < b));
  });
}

TEST_CASE("what was encoded is decoded, and a byte more or less is damage") {
  tests::for_all(100, [](Random& random) {
    const Head head{random.below(~0ull), random.fixed<Hash>()};
    auto bytes = encode(head);
    CHECK(decode<Head>(bytes).value() == head);
    bytes.push_back(0);
    CHECK(decode<Head>(bytes).error() == StoreErrc::store_damaged);
    bytes.resize(random.below(40));
    CHECK(decode<Head>(bytes).error() == StoreErrc::store_damaged);
    const Mixed mixed{1, 2, std::string(random.below(9), 'x')};
    CHECK(decode<Mixed>(encode(mixed)).value() == mixed);
  });
  CHECK(decode<Mixed>(Bytes(4)).error() == StoreErrc::store_damaged);
  CHECK(decode<Sealed>(Bytes{}).value().empty());
}

TEST_CASE("a range that starts with some fields has the keys that do, and no other") {
  tests::for_all(300, [](Random& random) {
    DeviceId device;
    device.raw.fill(0xff);
    if (random.chance(80)) device.raw[15] = static_cast<std::uint8_t>(random.below(256));
    if (random.chance(20)) device.raw.fill(0);
    const auto range = Range<Place>::starting_with(device);
    Place place{device, random.below(~0ull)};
    if (random.chance(70)) place.device.raw[random.below(16)] ^= static_cast<std::uint8_t>(random.below(3));
    const auto key = encode(place);
    const Bytes first(range.first().begin(), range.first().end()), end(range.end().begin(), range.end().end());
    CHECK((key >= first && (end.empty() || key < end)) == (place.device == device));
  });
}

}  // namespace codec_test
