// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/hex.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_details.hpp"
#include "tests/support/property.hpp"
#include "wire/errc.hpp"

using namespace vault;

TEST_CASE("what a ByteWriter wrote, a ByteReader reads, and then it is done") {
  ByteWriter out;
  out.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).var16(bytes_of("ab"));
  CHECK(hex(out.bytes()) == "0102030405060708090a0b0c0d0e0f00026162");
  ByteReader in{out.bytes()};
  CHECK(in.u8() == 1);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK_FALSE(in.done());
  CHECK(text_of(in.var16()) == "ab");
  CHECK(in.done());
}

TEST_CASE("a ByteReader that ran short stays failed and gives zeros") {
  const Bytes three{1, 2, 3};
  ByteReader in{three};
  CHECK(in.u32() == 0);
  CHECK(in.u8() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.fixed<Hash>().is_zero());
}

TEST_CASE("hex and base64 decode what they encode, and nothing else") {
  tests::for_all(200, [](tests::Random& random) {
    const auto bytes = random.bytes(random.below(70));
    CHECK(unhex(hex(bytes)) == bytes);
    CHECK(unbase64(base64(bytes)) == bytes);
  });
  CHECK(base64(bytes_of("foob")) == "Zm9vYg==");  // RFC 4648 §10
  CHECK(base64(bytes_of("foobar")) == "Zm9vYmFy");
  for (auto bad : {"A", "AA", "AAA", "AA=A", "A===", "====", "Zm9vYh==", "Zm9v\n", "AA==AA==", "Zm 9"})
    CHECK_FALSE(unbase64(bad));
  for (auto bad : {"0", "0G", "AB", " 0"}) CHECK_FALSE(unhex(bad));
}

TEST_CASE("every error class has its own name, number and sentence, and every detail a class") {
  std::set<std::string_view> kinds;
  for (const auto& c : error_classes()) {
    CHECK(kinds.insert(c.kind).second);
    CHECK(class_of(c.code) == c.code);
    CHECK(error_class_named(c.kind) == &c);
  }
  tests::check_details(input_errors());
}

TEST_CASE("sentences that name a limit name the one that is enforced") {
  using tests::names;
  CHECK(names(InputErrc::name_too_long, limits::name_bytes));
  CHECK(names(InputErrc::value_too_large, limits::value_bytes));
  CHECK(names(InputErrc::content_type_bad, limits::content_type_bytes));
  CHECK(names(InputErrc::attribute_bad, limits::attribute_key_bytes));
  CHECK(names(InputErrc::attribute_bad, limits::attribute_value_bytes));
  CHECK(names(InputErrc::too_many_attributes, limits::attributes));
  CHECK(names(InputErrc::batch_too_large, limits::commit_records));
  CHECK(names(InputErrc::batch_too_large, limits::commit_plain_bytes));
  CHECK(names(InputErrc::password_too_long, limits::password_bytes));
  CHECK(names(InputErrc::account_bad, limits::account_bytes));
  CHECK(names(InputErrc::device_name_bad, limits::device_name_bytes));
  CHECK(make_error_code(InputErrc::batch_too_large).message() ==
        "the batch is too large: one commit holds up to 1000 items and 983036 bytes");
}

TEST_CASE("errors of the system are storage or offline") {
  using boost::system::errc::make_error_code;
  CHECK(class_of(make_error_code(boost::system::errc::no_space_on_device)) == Errc::storage);
  CHECK(class_of(make_error_code(boost::system::errc::connection_refused)) == Errc::offline);
}

TEST_CASE("a secret is wiped when it is given back") {
  auto* memory = static_cast<std::uint8_t*>(secret_allocate(64));
  std::memset(memory, 0x5a, 64);
  secret_deallocate(memory, 64);
  auto* again = static_cast<std::uint8_t*>(secret_allocate(64));  // the pool hands out the block given back last
  REQUIRE(again == memory);
  CHECK(std::count(again + 8, again + 64, 0x5a) == 0);
  secret_deallocate(again, 64);
}

TEST_CASE("secret memory of any size is aligned for any type") {
  for (std::size_t size = 1; size < 200; ++size) {
    auto* memory = secret_allocate(size);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignof(std::max_align_t) == 0);
    secret_deallocate(memory, size);
  }
}

TEST_CASE("wiping nothing touches nothing") { wipe({}); }  // a null pointer, which no sanitizer may see passed on

TEST_CASE("a moved-from secret is empty") {
  auto a = Secret::copy_of("password");
  auto b = std::move(a);
  CHECK(a.empty());  // NOLINT(bugprone-use-after-move): the claim
  CHECK(b.text() == "password");
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
}
