// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/verify.hpp"
#include "tests/server/api_world.hpp"
#include "wire/blob_path.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;
using wire::HttpResponse;

namespace blob_api_test {
namespace {

const auto film = blob_id(0x51), song = blob_id(0x52);

bool refused_bare(const HttpResponse& answer, int status, std::string_view kind) {
  UNSCOPED_INFO(answer.status << ' ' << error_of(answer));
  return answer.status == status && error_of(answer) == kind && answer.body.empty();
}

std::string path_of(const BlobId& blob, std::optional<std::uint64_t> index = {}) {
  return wire::to_path({blob, index});
}

// "ann" of two devices, and words for chunks of hers.
struct Films : World {
  explicit Films(std::uint64_t quota = limits::quota_bytes) : World(Registration::open, quota) { enrol_second(); }

  wire::BlobChunkHeader header(std::uint64_t index, std::uint64_t count, std::uint8_t sealer = 1) const {
    return chunk_header(vault, sealer, film, index, count);
  }
  HttpResponse put(const std::string& path, const Bytes& chunk, std::uint8_t by = 1) {
    auto device = this->device(by);
    return api->handle(device.sign("PUT", path, chunk));
  }
  HttpResponse put(const wire::BlobChunkHeader& header, std::uint8_t salt = 0) {
    return put(path_of(film, header.index), make_chunk(header, salt));
  }
  HttpResponse get(const std::string& path) {
    auto device = this->device(2);
    return World::get(device, path);
  }
  std::vector<Hash> leaves() { return wire::decode<wire::BlobLeaves>(get(path_of(film)).body).value().leaves; }
  bool is_empty() { return refused_bare(get(path_of(film)), 404, "E_NOT_FOUND"); }

  VaultId vault = first_header("ann", 1).vault;
};

Hash leaf_of(const Bytes& chunk) {
  const Bytes zero{0};
  return crypto::sha256(zero, chunk);
}

}  // namespace

TEST_CASE("chunks that one device puts another gets, byte for byte, and their leaves before") {
  Films ann;
  const auto first = make_chunk(ann.header(0, 2), 1), last = make_chunk(ann.header(1, 2), 2);
  CHECK(ann.put(path_of(film, 1), last).status == 200);
  CHECK(ann.leaves() == std::vector{Hash{}, leaf_of(last)});
  CHECK(refused_bare(ann.get(path_of(film, 0)), 404, "E_NOT_FOUND"));
  CHECK(ann.put(path_of(film, 0), first).status == 200);
  CHECK(ann.leaves() == std::vector{leaf_of(first), leaf_of(last)});
  CHECK(ann.get(path_of(film, 0)).body == first);
  CHECK(ann.get(path_of(film, 1)).body == last);
  auto password = ann.password();
  CHECK(ann.World::get(password, path_of(film, 0)).body == first);
  CHECK(ann.World::get(password, path_of(film)).status == 200);
}

TEST_CASE("a chunk that is sent again is success, other bytes for its place are a conflict and change nothing") {
  Films ann;
  for (int again = 0; again < 2; ++again) CHECK(ann.put(ann.header(1, 2), 1).status == 200);
  CHECK(refused_bare(ann.put(ann.header(1, 2), 2), 409, "E_CONFLICT"));
  CHECK(refused_bare(ann.put(ann.header(1, 3), 1), 409, "E_CONFLICT"));  // full, and of a blob of three
  CHECK(refused_bare(ann.put(ann.header(2, 3), 1), 409, "E_CONFLICT"));  // another count than before
  CHECK(ann.get(path_of(film, 1)).body == make_chunk(ann.header(1, 2), 1));
  CHECK(ann.leaves().size() == 2);
}

TEST_CASE("a chunk must be one, of this vault, blob and place") {
  Films ann;
  const auto at = [&ann](const std::string& path, const wire::BlobChunkHeader& header) {
    return ann.put(path, make_chunk(header));
  };
  CHECK(refused_bare(at(path_of(song, 0), ann.header(0, 1)), 400, "E_TAMPER"));  // another blob's
  CHECK(refused_bare(at(path_of(film, 1), ann.header(0, 2)), 400, "E_TAMPER"));  // another place's
  CHECK(refused_bare(at(path_of(film, 0), ann.header(1, 2)), 400, "E_TAMPER"));
  CHECK(refused_bare(at(path_of(film, 0), chunk_header(first_header("bob", 1).vault, 1, film, 0, 1)), 400, "E_TAMPER"));
  CHECK(refused_bare(ann.put(path_of(film, 0), {}), 400, "E_TAMPER"));
  auto commit = make_commit(ann.keyring, 1, 1, crypto::keyring_hash(ann.keyring));
  CHECK(refused_bare(ann.put(path_of(film, 0), commit), 400, "E_TAMPER"));
  CHECK(ann.is_empty());
}

TEST_CASE("a chunk of the wrong size, kind, suite or count is refused, each with its class") {
  Films ann;
  const auto with = [&ann](auto change) {
    auto header = ann.header(0, 1);
    change(header);
    return ann.put(header);
  };
  CHECK(refused_bare(with([](auto& h) { h.count = 2; }), 400, "E_TAMPER"));  // not the last, and not full
  CHECK(refused_bare(with([](auto& h) { h.segments = 2; }), 400, "E_TAMPER"));
  CHECK(refused_bare(with([](auto& h) { h.suite = 9; }), 400, "E_DOWNGRADE"));
  CHECK(refused_bare(ann.put(ann.header(0, limits::blob_chunks + 1)), 413, "E_LIMIT"));
  auto large = make_chunk(ann.header(0, 2));
  large.push_back(0);
  CHECK(refused_bare(ann.put(path_of(film, 0), large), 413, "E_LIMIT"));
  auto kind = make_chunk(ann.header(0, 1)), short_one = kind;
  kind[6] = 21;
  short_one.pop_back();
  CHECK(refused_bare(ann.put(path_of(film, 0), kind), 400, "E_TAMPER"));
  CHECK(refused_bare(ann.put(path_of(film, 0), short_one), 400, "E_TAMPER"));
  CHECK(ann.is_empty());
}

TEST_CASE("a chunk may name an identity that never joined: one that was made off-line, and then made again") {
  Films ann;
  CHECK(ann.put(ann.header(0, 1, 9)).status == 200);
}

TEST_CASE("chunks may be put by another device than sealed them, and by none that may not write") {
  Films ann;
  const auto chunk = make_chunk(ann.header(0, 1, 2));
  auto password = ann.password();
  CHECK(refused_bare(ann.api->handle(password.sign("PUT", path_of(film, 0), chunk)), 403, "E_DENIED"));
  CHECK(refused_bare(ann.api->handle(plain("PUT", path_of(film, 0), chunk)), 401, "E_AUTH"));
  auto second = ann.device(2);
  auto revoking = next_header(ann.keyring);
  revoke(revoking, 2);
  ann.keyring = make_keyring(revoking, 1);
  REQUIRE(ann.World::put(ann.keyring).status == 200);
  CHECK(refused_bare(ann.api->handle(second.sign("PUT", path_of(film, 0), chunk)), 401, "E_AUTH"));
  CHECK(refused_bare(ann.api->handle(second.sign("GET", path_of(film))), 401, "E_AUTH"));
  CHECK(ann.put(path_of(film, 0), chunk, 1).status == 200);  // the first one sends what the revoked one had sealed
}

TEST_CASE("a chunk that was on its way when its device was revoked is not stored after that", "[row.L11]") {
  Films ann;
  const auto chunk = make_chunk(ann.header(0, 2, 2));
  auto second = ann.device(2);
  auto late = ann.api->begin(second.sign("PUT", path_of(film, 0), chunk));
  REQUIRE(std::holds_alternative<Write>(late));
  auto header = next_header(ann.keyring);
  revoke(header, 2);
  REQUIRE(ann.World::put(make_keyring(header, 1)).status == 200);
  CHECK(refused_bare(std::get<Write>(late).work(), 401, "E_AUTH"));
  auto first = ann.device(1);
  CHECK(refused_bare(ann.World::get(first, path_of(film, 0)), 404, "E_NOT_FOUND"));
  CHECK(ann.put(path_of(film, 0), chunk).status == 200);  // others may send what it had sealed: a repair
}

TEST_CASE("a blob has two paths and two methods, no parameters, and plain numbers") {
  Films ann;
  REQUIRE(ann.put(ann.header(0, 1)).status == 200);
  auto device = ann.device();
  const auto ask = [&](const std::string& method, const std::string& target) {
    return ann.api->handle(device.sign(method, target));
  };
  const auto id = "/v1/blob/" + hex(film);
  for (const std::string& path :
       {id + "/00", id + "/-1", id + "/65536", id + "/", id + "/0/", id + "x", std::string{"/v1/blob/"}})
    CHECK(refused_bare(ask("GET", path), 404, "E_NOT_FOUND"));
  CHECK(refused_bare(ask("PUT", id), 404, "E_NOT_FOUND"));
  CHECK(refused_bare(ask("POST", id + "/0"), 404, "E_NOT_FOUND"));
  CHECK(refused_bare(ask("DELETE", id + "/0"), 404, "E_NOT_FOUND"));
  CHECK(refused_bare(ask("GET", id + "?from=1"), 400, "E_USAGE"));
  CHECK(refused_bare(ask("GET", id + "/0?x=1"), 400, "E_USAGE"));
  CHECK(ask("GET", id + "/0").status == 200);
}

TEST_CASE("chunks above the quota are refused, and a keyring is still taken") {
  Films ann{1'100'000};
  CHECK(ann.put(ann.header(0, 3)).status == 200);
  CHECK(refused_bare(ann.put(ann.header(1, 3)), 413, "E_LIMIT"));
  CHECK(ann.put(ann.header(0, 3)).status == 200);  // again
  CHECK(ann.put(ann.header(2, 3)).status == 200);  // small enough
  CHECK(ann.leaves()[1].is_zero());
  CHECK(ann.World::put(make_keyring(next_header(ann.keyring), 1)).status == 200);
}

TEST_CASE("a body is as large as its path takes, a chunk or a page") {
  CHECK(body_limit(path_of(film, 7)) == wire::blob_chunk_bytes);
  CHECK(body_limit(path_of(film, 7) + "?x") == wire::blob_chunk_bytes);
  CHECK(body_limit("/v1/chain/" + hex(device_id(1))) == limits::body_bytes);
  CHECK(body_limit("/") == limits::body_bytes);
}

TEST_CASE("large values are read beside the loop, and change nobody's heads") {
  Films ann;
  REQUIRE(ann.put(ann.header(0, 1)).status == 200);
  auto device = ann.device();
  for (const auto& path : {path_of(film), path_of(film, 0)})
    CHECK(std::holds_alternative<Read>(ann.api->begin(device.sign("GET", path))));
  int told = 0;
  ann.storage->watch([&told](const VaultId&) { ++told; });
  REQUIRE(ann.put(chunk_header(ann.vault, 1, film, 0, 1)).status == 200);
  CHECK(ann.put(path_of(song, 0), make_chunk(chunk_header(ann.vault, 1, song, 0, 1))).status == 200);
  CHECK(told == 0);
}

}  // namespace blob_api_test
