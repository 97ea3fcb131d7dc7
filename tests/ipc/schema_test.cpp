// SPDX-License-Identifier: Apache-2.0
#include "ipc/schema.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "ipc/api.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
namespace json = boost::json;

namespace schema_test {
namespace {

template <class T>
std::string why_not(std::string_view text) {
  T out;
  ipc::Reading reading{"params"};
  return ipc::Codec<T>::decode(json::parse(text), out, reading) ? "" : reading.why();
}

template <class T>
T decoded(std::string_view text) {
  T out;
  ipc::Reading reading{"params"};
  REQUIRE(ipc::Codec<T>::decode(json::parse(text), out, reading));
  return out;
}

}  // namespace

TEST_CASE("a refusal names the member that is wrong, and how") {
  using ipc::PutParams;
  CHECK(why_not<PutParams>(R"({"name":"a","value":"b"})").empty());
  CHECK(why_not<PutParams>(R"({"value":"b"})") == "params.name is missing");
  CHECK(why_not<PutParams>(R"({"name":7})") == "params.name must be a string");
  CHECK(why_not<PutParams>(R"({"name":null})") == "params.name must be a string");
  CHECK(why_not<PutParams>(R"({"name":"a","value":null})") == "params.value must be a string");
  CHECK(why_not<PutParams>(R"({"name":"a","vaule":"b"})") == "params.vaule is unknown");
  CHECK(why_not<PutParams>(R"({"name":"a","attributes":{"k":1}})") == "params.attributes.k must be a string");
  CHECK(why_not<PutParams>(R"({"name":"a","attributes_patch":{"k":1}})") ==
        "params.attributes_patch.k must be a string or null");
  CHECK(why_not<PutParams>(R"({"name":"a","attributes_patch":{"k":"v","gone":null}})").empty());
  CHECK(why_not<PutParams>("[]") == "params must be an object");
  CHECK(why_not<ipc::PutManyParams>(R"({"items":[{"name":"a"},{"name":"b","x":1}]})") ==
        "params.items[1].x is unknown");
  CHECK(why_not<ipc::ListParams>(R"({"limit":-1})") == "params.limit must be an integer from 0 to 9007199254740992");
  for (const char* bad : {"1.0", "1e3", "9007199254740993", "18446744073709551615", "\"1\"", "true", "null"})
    CHECK_FALSE(why_not<ipc::ListParams>(R"({"limit":)" + std::string{bad} + "}").empty());
  CHECK(why_not<ipc::StatusSync>(
            R"({"state":"asleep","pending":null,"pending_bytes":null,"last_success":null,"error":null})") ==
        R"(params.state must be one of ["offline","idle","syncing","distrusted"])");
}

TEST_CASE("an unknown member's name is cut before it drowns the sentence") {
  const auto why = why_not<ipc::GetParams>(R"({"name":"a",")" + std::string(63, 'x') + "\xC3\xA9" +
                                           std::string(5000, 'y') + R"(":1})");
  CHECK(why == "params." + std::string(63, 'x') + " is unknown");
}

TEST_CASE("an optional member may be left out, a nullable one is always written") {
  ipc::Status status;
  const auto empty = json::serialize(ipc::Codec<ipc::Status>::encode(status));
  CHECK(
      empty ==
      R"({"daemon":{"version":"","pid":0},)"
      R"("vault":{"state":"absent","account":null,"server":null,"id":null,"keyring_version":null,"generation":null,)"
      R"("lock_at":null,"change":null,"recovery":null,"recovery_confirmed":null,"last_change":null},)"
      R"("device":{"id":null,"name":null,"epoch":null,"seq":null,"counter":null,"refused":null},)"
      R"("sync":{"state":null,"pending":null,"pending_bytes":null,"last_success":null,"error":null},)"
      R"("trust":{"state":null,"reason":null,"code":null},"identity":{"state":null,"reason":null,"former":null,"proofs":null,"lost":null},)"
      R"("disk":{"folder":null,"salvaged":null,"file":null,"lost":null,"lost_seqs":null},"items":null,"conflicts":null,"devices":null})");
  CHECK(why_not<ipc::Status>(empty).empty());
  CHECK(why_not<ipc::StatusTrust>(R"({"state":null,"reason":null})") == "params.code is missing");

  ipc::ListResult page;
  CHECK(json::serialize(ipc::Codec<ipc::ListResult>::encode(page)) == R"({"items":[]})");
  page.cursor = "c";
  CHECK(json::serialize(ipc::Codec<ipc::ListResult>::encode(page)) == R"({"items":[],"cursor":"c"})");
}

TEST_CASE("what is encoded decodes to the same") {
  ipc::PutParams put{.name = "a/b",
                     .value = Secret::copy_of("v"),
                     .value_base64 = {},
                     .content_type = "text/plain",
                     .attributes = {{{"k", "v"}}},
                     .if_version = {}};
  const auto text = json::serialize(ipc::Codec<ipc::PutParams>::encode(put));
  CHECK(text == R"({"name":"a/b","value":"v","content_type":"text/plain","attributes":{"k":"v"}})");
  const auto again = decoded<ipc::PutParams>(text);
  CHECK(again.value->text() == "v");
  CHECK(again.attributes == put.attributes);
  CHECK_FALSE(again.if_version);
  CHECK(decoded<ipc::HistoryVersion>(
            json::serialize(ipc::Codec<ipc::HistoryVersion>::encode({.operation = ipc::Operation::remove})))
            .operation == ipc::Operation::remove);
}

TEST_CASE("an integer decodes from the very value it was encoded to") {
  ipc::ListParams again;
  ipc::Reading reading{"params"};
  REQUIRE(ipc::Codec<ipc::ListParams>::decode(
      ipc::Codec<ipc::ListParams>::encode({.prefix = {}, .attributes = {}, .cursor = {}, .limit = 10}), again,
      reading));
  CHECK(again.limit == 10u);
}

TEST_CASE("a secret is encoded into wiping memory") {
  const auto value = ipc::Codec<ipc::UnlockParams>::encode({Secret::copy_of("correct horse battery staple")});
  CHECK(value.at("password").storage() == ipc::json_storage());
}

TEST_CASE("the schema says what the decoder does") {
  CHECK(
      json::serialize(ipc::Codec<ipc::RemoveParams>::schema()) ==
      R"({"type":"object","properties":{"name":{"type":"string"},"if_version":{"type":"string"}},"required":["name"],"additionalProperties":false})");
  CHECK(json::serialize(ipc::Codec<ipc::Nullable<ipc::TrustState>>::schema()) ==
        R"({"anyOf":[{"enum":["ok","unconfirmed","distrusted"]},{"type":"null"}]})");
  CHECK(json::serialize(ipc::Codec<ipc::Attributes>::schema()) ==
        R"({"type":"object","additionalProperties":{"type":"string"}})");
  CHECK(json::serialize(ipc::Codec<std::vector<std::uint64_t>>::schema()) ==
        R"({"type":"array","items":{"type":"integer","minimum":0,"maximum":9007199254740992}})");
}

}  // namespace schema_test
