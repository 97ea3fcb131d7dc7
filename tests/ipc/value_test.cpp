// SPDX-License-Identifier: Apache-2.0
#include "ipc/value.hpp"
#include "base/input_errc.hpp"

#include "base/hex.hpp"
#include "ipc/api.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;

TEST_CASE("UTF-8 is what RFC 3629 says, and nothing else") {
  for (const char* good : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK(ipc::is_utf8(good));
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "a\xE2\x82"})
    CHECK_FALSE(ipc::is_utf8(bad));
}

TEST_CASE("base64 of any size is that of the plain codec, and comes back") {
  tests::for_all(100, [](tests::Random& random) {
    const auto bytes = random.bytes(random.below(4) * 3072 + random.below(5));
    const auto coded = ipc::secret_base64(bytes);
    CHECK(coded.text() == base64(bytes));
    const auto plain = ipc::secret_unbase64(coded.text());
    REQUIRE(plain);
    CHECK(std::equal(bytes.begin(), bytes.end(), plain->view().begin(), plain->view().end()));
  });
  auto padded_inside = base64(Bytes(3071)) + base64(Bytes(3));
  CHECK_FALSE(ipc::secret_unbase64(padded_inside));
  CHECK_FALSE(ipc::secret_unbase64("AA"));
}

TEST_CASE("a value travels as text if it is UTF-8, else as base64, and takes exactly one form") {
  for (const auto& bytes : {Bytes{}, Bytes{'a', 0, '\n'}, Bytes{0xFF, 0xFE}}) {
    ipc::GetResult message;
    ipc::set_value(message, Secret::copy_of(BytesView{bytes}));
    CHECK(message.value.has_value() == (bytes.empty() || bytes[0] == 'a'));
    const auto back = ipc::take_value(message);
    REQUIRE(back);
    CHECK(std::equal(bytes.begin(), bytes.end(), back->view().begin(), back->view().end()));
  }
  ipc::PutParams none, both, wrong;
  both.value = Secret{};
  both.value_base64 = Secret{};
  wrong.value_base64 = Secret::copy_of("A");
  CHECK(ipc::take_value(none).error() == InputErrc::value_form_bad);
  CHECK(ipc::take_value(both).error() == InputErrc::value_form_bad);
  CHECK(ipc::take_value(wrong).error() == InputErrc::base64_bad);
}
