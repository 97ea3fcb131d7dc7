// SPDX-License-Identifier: Apache-2.0
#include "base/input_errc.hpp"
#include "crypto/rules.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace content_test {
namespace {

VersionCheckKey checks() { return key_of_byte<VersionCheckKey>(0x21); }

RecordDraft draft(std::string_view name, std::string_view value) {
  RecordDraft out;
  out.name = name;
  out.value = bytes_of(value);
  return out;
}

Result<EncodedData> encode(std::vector<RecordDraft> drafts) { return encode_data({}, drafts, a_device, 5, checks()); }

Result<Content> decode(BytesView content) {
  const auto key = checks();
  return decode_content(Kind::data, content, a_device, &key);
}

VersionId random_id(Random& random) {
  return {random.fixed<DeviceId>(), random.below(1000), static_cast<std::uint32_t>(random.below(10)), {}};
}

}  // namespace

TEST_CASE("a content reads back as it was written") {
  for_all(200, [](Random& random) {
    std::vector<std::string> names, values;
    std::vector<RecordDraft> drafts;
    const auto count = 1 + random.below(20);
    names.reserve(count), values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      names.push_back("collection/" + std::to_string(random.below(1000)));
      values.push_back(std::string(random.below(300), 'v'));
      auto one = draft(names.back(), values.back());
      one.content_type = "text/plain";
      one.clock = random.below(1u << 30);
      if (random.chance(50)) one.attributes = {{"b", "2"}, {"a", "1"}};
      if (random.chance(50)) one.replaces = {random_id(random), random_id(random)};
      if (random.chance(20)) one = {.operation = Operation::remove, .name = names.back(), .clock = one.clock};
      drafts.push_back(one);
    }
    SeenVector seen;
    for (std::uint64_t i = random.below(5); i > 0; --i)
      seen[random.fixed<DeviceId>()] = {1 + random.below(9), random.fixed<Hash>()};
    const auto encoded = encode_data(seen, drafts, a_device, 5, checks());
    REQUIRE(encoded);
    const auto key = checks();
    const auto content = decode_content(Kind::data, encoded->content.view(), a_device, &key);
    REQUIRE(content);
    REQUIRE(content->seen == seen);
    REQUIRE(content->records.size() == drafts.size());
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const auto& record = content->records[i];
      REQUIRE(record.id == encoded->ids[i]);
      REQUIRE(record.name == drafts[i].name);
      REQUIRE(record.operation == drafts[i].operation);
      REQUIRE(record.clock == drafts[i].clock);
      REQUIRE(std::ranges::equal(record.value, drafts[i].value));
      REQUIRE(record.attributes.size() == drafts[i].attributes.size());
      REQUIRE(record.replaces.size() == drafts[i].replaces.size());
    }
  });
}

TEST_CASE("a record keeps its id when it is sealed again under another identity") {
  const auto first = encode({draft("a", "1")});
  const auto read = decode(first->content.view());
  const auto again = draft_of(read->records[0], nullptr);
  const auto second = encode_data({}, std::vector{again}, of_byte<DeviceId>(0x77), 900, checks());
  CHECK(second->ids == first->ids);
  CHECK(second->content.text() == first->content.text());
}

TEST_CASE("two clones that write in one place write two versions") {
  CHECK(encode({draft("a", "1")})->ids != encode({draft("a", "2")})->ids);
}

TEST_CASE("a record whose check is not its own is refused, but where it was accepted before") {
  const auto encoded = encode({draft("a", "1")});
  Bytes altered{encoded->content.view().begin(), encoded->content.view().end()};
  altered.back() ^= 1;
  CHECK(decode(altered).error() == Errc::tamper);
  CHECK(decode_content(Kind::data, altered, a_device, nullptr));
}

TEST_CASE("no cut and no flipped bit of a content does worse than be refused") {
  const auto encoded = encode({draft("a/b", "some value"), draft("c", "")});
  const auto bytes = encoded->content.view();
  for (std::size_t size = 0; size < bytes.size(); ++size) REQUIRE_FALSE(decode(bytes.first(size)));
  for (std::size_t bit = 6 * 8; bit < bytes.size() * 8; ++bit) REQUIRE_FALSE(decode(flipped(bytes, bit)));
}

TEST_CASE("what no reader would accept is refused when it is written, with the reason") {
  const auto error = [](const RecordDraft& one) { return check_draft(one).error(); };
  CHECK(error(draft("", "")) == InputErrc::name_empty);
  CHECK(error(draft(std::string(1025, 'a'), "")) == InputErrc::name_too_long);
  CHECK(error(draft("a\nb", "")) == InputErrc::name_control);
  CHECK(error(draft("\xff", "")) == InputErrc::name_not_utf8);
  CHECK(error(draft("a", std::string(65'537, 'v'))) == InputErrc::value_too_large);
  auto one = draft("a", "");
  one.content_type = "text/\t";
  CHECK(error(one) == InputErrc::content_type_bad);
  one = draft("a", "");
  one.attributes = {{"k", "1"}, {"k", "2"}};
  CHECK(error(one) == InputErrc::attribute_bad);
  one.attributes.assign(65, {"k", "1"});
  CHECK(error(one) == InputErrc::too_many_attributes);
  CHECK(encode({}).error() == InputErrc::batch_too_large);
  CHECK(encode(std::vector(1001, draft("a", ""))).error() == InputErrc::batch_too_large);
  const std::string large(60'000, 'v');
  CHECK(encode(std::vector(20, draft("a", large))).error() == InputErrc::batch_too_large);
}

TEST_CASE("names are UTF-8 without control characters, to the last code point") {
  for (const auto* good : {"a", "é", "\xf4\x8f\xbf\xbf", "\xc2\xa0", "~", "日本語/テスト"}) CHECK(check_name(good));
  for (const auto* bad : {"\x1f", "\x7f", "\xc2\x80", "\xc2\x9f"})
    CHECK(check_name(bad).error() == InputErrc::name_control);
  for (const auto* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82", "a\xc2"})
    CHECK(check_name(bad).error() == InputErrc::name_not_utf8);
}

TEST_CASE("a version id is read from its text, and from no other text") {
  for_all(200, [](Random& random) {
    auto id = random_id(random);
    const auto check = random.bytes(8);
    std::ranges::copy(check, id.check.begin());
    REQUIRE(version_id_from(to_text(id)) == id);
    auto other = random_id(random);
    REQUIRE((id < other) == (id.bytes() < other.bytes()));
  });
  const auto text = to_text(VersionId{a_device, 7, 1, {}});
  CHECK(version_id_from(text));
  CHECK_FALSE(version_id_from(text + "0"));
  CHECK_FALSE(version_id_from(text + "-"));
  CHECK_FALSE(version_id_from(""));
  CHECK_FALSE(version_id_from("22222222222222222222222222222222-07-1-0000000000000000"));
  CHECK_FALSE(version_id_from("22222222222222222222222222222222-7-1-000000000000000G"));
  CHECK_FALSE(version_id_from("22222222222222222222222222222222-99999999999999999999-1-0000000000000000"));
}

TEST_CASE("there is one winner, whatever the order of the heads") {
  for_all(300, [](Random& random) {
    const auto rank = [&] {
      return Rank{random.chance(50) ? Operation::put : Operation::remove, random.below(3), random_id(random)};
    };
    const auto a = rank(), b = rank(), c = rank();
    REQUIRE(wins_over(a, b) != wins_over(b, a));
    if (wins_over(a, b) && wins_over(b, c)) REQUIRE(wins_over(a, c));
  });
}

TEST_CASE("a base commit says where to start, an ack nothing but what was seen") {
  const SeenVector seen{{of_byte<DeviceId>(1), {3, of_byte<Hash>(4)}}};
  const BaseStart start{17, of_byte<Hash>(5)};
  CHECK(decode_content(Kind::base, encode_base(seen, start).view(), a_device, nullptr)->base == start);
  CHECK(decode_content(Kind::ack, encode_ack(seen).view(), a_device, nullptr)->seen == seen);
  CHECK_FALSE(decode_content(Kind::ack, encode_base(seen, start).view(), a_device, nullptr));
  CHECK_FALSE(decode_seen(encode_seen(seen), of_byte<DeviceId>(1)));
}

}  // namespace content_test
