// SPDX-License-Identifier: Apache-2.0
// What is merged, what clashes, and that devices which merge come to one head.
#include "daemon/items/merge.hpp"

#include <map>

#include "base/limits.hpp"
#include "daemon/index/index.hpp"
#include "daemon/items/ancestry.hpp"
#include "daemon/items/json_merge.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using crypto::Operation;

namespace merge_test {
namespace {

using Clashes = std::vector<std::string>;

VersionId id_of(std::uint64_t seq, std::uint8_t device = 1) { return {of_byte<DeviceId>(device), seq, 0, {}}; }

Version version(const VersionId& id, std::vector<VersionId> replaces, Operation operation = Operation::put) {
  return {.id = id, .operation = operation, .clock = id.seq, .replaces = std::move(replaces)};
}

ItemValue json(std::string_view value, std::map<std::string, std::string> attributes = {}) {
  return {Secret::copy_of(value), nullptr, "application/json", std::move(attributes)};
}

ItemValue text(std::string_view value, std::string type = "text/plain") {
  return {Secret::copy_of(value), nullptr, std::move(type), {}};
}

// What three texts of JSON make, or the clashes.
std::string merged(const char* base, std::string_view ours, std::string_view theirs) {
  const auto before = base != nullptr ? ipc::read_json_text(base) : std::nullopt;
  const auto one = ipc::read_json_text(ours), other = ipc::read_json_text(theirs);
  REQUIRE(one);
  REQUIRE(other);
  Clashes clashes;
  const auto out = merge_json(before ? &*before : nullptr, *one, *other, "", clashes);
  REQUIRE(out.has_value() == clashes.empty());
  if (out) return std::string{out->text()};
  std::string all = "clash";
  for (const auto& clash : clashes) all += " " + clash;
  return all;
}

// One item's versions, some of them opened: enough to merge its heads.
struct Item {
  std::vector<Version> versions;
  std::map<VersionId, ItemValue> values;

  VersionId put(const VersionId& id, std::vector<VersionId> replaces, ItemValue value) {
    versions.push_back(version(id, std::move(replaces)));
    values.emplace(id, std::move(value));
    return id;
  }
  VersionId remove(const VersionId& id, std::vector<VersionId> replaces) {
    versions.push_back(version(id, std::move(replaces), Operation::remove));
    return id;
  }
  Merged merge() const {
    Index index;
    for (const auto& one : versions) index.add("item", one);
    OpenedVersions opened;
    for (const auto& one : versions) {
      const auto at = values.find(one.id);
      if (at != values.end()) opened.emplace(one.id, &at->second);
      else if (one.operation == Operation::remove) opened.emplace(one.id, nullptr);
    }
    return merge_heads(merge_steps(index.heads("item"), index.history("item")), opened);
  }
};

std::string value_of(const Merged& merged) {
  REQUIRE(merged.clashes == Clashes{});
  REQUIRE(merged.value);
  return std::string{merged.value->value.text()};
}

Item apart(ItemValue base, ItemValue ours, ItemValue theirs) {
  Item item;
  const auto first = item.put(id_of(1), {}, std::move(base));
  item.put(id_of(9), {first}, std::move(ours));
  item.put(id_of(2, 2), {first}, std::move(theirs));
  return item;
}

}  // namespace

TEST_CASE("a member that one side changed, added or removed is taken from it") {
  CHECK(merged(R"({"a":1,"b":2})", R"({"a":3,"b":2})", R"({"a":1,"b":4})") == R"({"a":3,"b":4})");
  CHECK(merged(R"({"a":1})", R"({"a":1,"b":2})", R"({"a":1,"c":3})") == R"({"a":1,"b":2,"c":3})");
  CHECK(merged(R"({"a":1,"b":2,"c":3})", R"({"b":2,"c":3})", R"({"a":1,"b":2})") == R"({"b":2})");
  CHECK(merged(R"({"a":1})", "{}", R"({"a":1})") == "{}");
  CHECK(merged(R"({"a":1})", R"({"a":1})", "{}") == "{}");
  CHECK(merged("{}", "{}", R"({ "a" : 1 })") == R"({ "a" : 1 })");
  CHECK(merged("1", "1", "2") == "2");
}

TEST_CASE("objects in objects are merged, arrays and all else are taken whole") {
  CHECK(merged(R"({"o":{"a":1,"b":2}})", R"({"o":{"a":9,"b":2}})", R"({"o":{"a":1,"b":8}})") ==
        R"({"o":{"a":9,"b":8}})");
  CHECK(merged(R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":[1,3]})") == "clash /l");
  CHECK(merged(R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":[1]})") == R"({"l":[1,2]})");
  CHECK(merged(R"({"o":"text"})", R"({"o":{"a":1}})", R"({"o":{"b":1}})") == "clash /o");
}

TEST_CASE("the same change on both sides is no clash, another one is, and each place is named") {
  CHECK(merged(R"({"a":1})", R"({"a":2})", R"({"a":2})") == R"({"a":2})");
  CHECK(merged(R"({"a":"x"})", R"({"a":"\u00e9"})", R"({"a":"é"})") == R"({"a":"\u00e9"})");
  CHECK(merged(R"({"a":1,"b":{"c/d":1}})", R"({"a":2,"b":{"c/d":2}})", R"({"a":3,"b":{"c/d":3}})") ==
        "clash /a /b/c~1d");
  CHECK(merged(R"({"a":1})", "{}", R"({"a":2})") == "clash /a");
  CHECK(merged(R"({"a":1})", R"({"a":2})", "{}") == "clash /a");
  CHECK(merged("1", "2", "3") == "clash ");
}

TEST_CASE("without an ancestor objects are merged as if there had been an empty one") {
  CHECK(merged(nullptr, R"({"a":1,"o":{"x":1}})", R"({"b":2,"o":{"y":1}})") == R"({"a":1,"o":{"x":1,"y":1},"b":2})");
  CHECK(merged(nullptr, R"({"a":1})", R"({"a":2})") == "clash /a");
  CHECK(merged(nullptr, "[1]", "[2]") == "clash ");
}

TEST_CASE("numbers keep their spelling, and the winner its order, spaces and escapes") {
  CHECK(merged(R"({"n":1})", R"({"n":12345678901234567890,"m":1.50})", R"({"n":1,"e":1e400})") ==
        R"({"n":12345678901234567890,"m":1.50,"e":1e400})");
  CHECK(merged("{\"a\":1,\"b\":1}", "{ \"a\" : 2 , \"b\":1\t,\"z\":[ ] }", "{\"a\":1,\"b\":3}") ==
        "{ \"a\" : 2 , \"b\":3\t,\"z\":[ ] }");
  CHECK(merged("{\"a\":1,\"b\":1}", "{\"a\":2 ,\"b\":1 }", "{\"a\":1}") == "{\"a\":2 }");
  CHECK(merged("{\"a\":1,\"b\":1}", "{\n  \"b\": 2,\n  \"\\u0061\": 1\n}", "{\"a\":3,\"b\":1,\"c\":[ 1,2 ]}") ==
        "{\n  \"b\": 2,\n  \"\\u0061\": 3,\n  \"c\": [ 1,2 ]\n}");
}

TEST_CASE("clashes are a hundred at most, and the path of each is cut before it drowns an answer") {
  std::string ours = "{", theirs = "{";
  for (int i = 0; i < 200; ++i) {
    const auto key = (i > 0 ? ",\"" : "\"") + std::to_string(i) + std::string(400, 'x') + "\":";
    ours += key + "1";
    theirs += key + "2";
  }
  const auto one = ipc::read_json_text(ours += "}"), other = ipc::read_json_text(theirs += "}");
  Clashes clashes;
  CHECK_FALSE(merge_json(nullptr, *one, *other, "value", clashes));
  CHECK(clashes.size() == 100);
  CHECK(clashes.front().size() < 300);
}

TEST_CASE("JSON types are told by their essence") {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/ld+json", "x/y+json ;a", "X/Y+JSON\t;v=1"})
    CHECK(is_json_type(type));
  for (const char* type : {"", "text/plain", "application/jsonp", "application/json-seq", "text/json",
                           "text/plain;x=+json", "+json", "/+json"})
    CHECK_FALSE(is_json_type(type));
}

TEST_CASE("attributes are merged by key, and a content type by who changed it") {
  auto item = apart(json("{}", {{"a", "1"}, {"b", "1"}, {"c", "1"}}), json("{}", {{"a", "2"}, {"b", "1"}}),
                    json("{}", {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}}));
  CHECK(item.merge().value->attributes == std::map<std::string, std::string>{{"a", "2"}, {"b", "1"}, {"d", "1"}});
  CHECK(apart(json("{}", {{"a", "1"}}), json("{}", {{"a", "2"}}), json("{}")).merge().clashes ==
        Clashes{"attributes/a"});
  CHECK(apart(text("x", "a"), text("x", "b"), text("y", "a")).merge().value->content_type == "b");
  CHECK(apart(text("x", "a"), text("x", "b"), text("x", "c")).merge().clashes == Clashes{"content_type"});
}

TEST_CASE("what is no JSON is taken whole, and what says that it is JSON and is not, too") {
  CHECK(value_of(apart(text("a"), text("b"), text("a")).merge()) == "b");
  CHECK(value_of(apart(text("a"), text("b"), text("b")).merge()) == "b");
  CHECK(apart(text("a"), text("b"), text("c")).merge().clashes == Clashes{"value"});
  CHECK(apart(json("{}"), json("{\"a\":1}"), json("{\"b\":1,\"b\":2}")).merge().clashes == Clashes{"value"});
  CHECK(apart(json("{"), json("{\"a\":1}"), json("{\"b\":1}")).merge().clashes == Clashes{"value"});
  CHECK(value_of(apart(json("\n{}\n"), json("\n{\"a\":1}\n\n"), json("{\"b\":1}")).merge()) ==
        "\n{\"a\":1,\"b\":1}\n\n");
}

TEST_CASE("a merge that would be too large is none") {
  const std::string half(40'000, 'x');
  const auto side = [&half](const char* key) { return json("{\"" + std::string{key} + "\":\"" + half + "\"}"); };
  CHECK(apart(json("{}"), side("a"), side("b")).merge().clashes == Clashes{"value"});
  std::map<std::string, std::string> ours, theirs;
  for (std::size_t i = 0; i < limits::attributes; ++i) {
    ours["a" + std::to_string(i)] = "";
    theirs["b" + std::to_string(i)] = "";
  }
  CHECK(apart(json("{}"), json("{}", ours), json("{}", theirs)).merge().clashes == Clashes{"attributes"});
}

TEST_CASE("removes make a remove, an edit against a remove is left to a person") {
  Item item;
  const auto first = item.put(id_of(1), {}, text("a"));
  item.remove(id_of(2), {first});
  item.remove(id_of(2, 2), {first});
  CHECK(item.merge().clashes.empty());
  CHECK_FALSE(item.merge().value);
  item.put(id_of(3, 3), {first}, text("b"));
  CHECK(item.merge().clashes == Clashes{"removed"});
}

TEST_CASE("an ancestor that is a remove is none, and one that cannot be read lets only equal heads be one") {
  Item item;
  const auto first = item.put(id_of(1), {}, json(R"({"a":1})"));
  const auto gone = item.remove(id_of(2), {first});
  item.put(id_of(9), {gone}, json(R"({"b":1})"));
  item.put(id_of(3, 2), {gone}, json(R"({"c":1})"));
  CHECK(value_of(item.merge()) == R"({"b":1,"c":1})");

  Item below;
  below.put(id_of(9), {id_of(1)}, json(R"({"b":1})"));
  below.put(id_of(3, 2), {id_of(1)}, json(R"({"c":1})"));
  CHECK(below.merge().clashes == Clashes{"ancestor"});
  below.values.at(id_of(3, 2)).value = Secret::copy_of(R"({"b":1})");
  CHECK(value_of(below.merge()) == R"({"b":1})");
}

TEST_CASE("the ancestors are the nearest versions that both sides come from") {
  const auto a = id_of(1), b = id_of(2), c = id_of(3), x = id_of(4), y = id_of(5), z = id_of(6);
  const Ancestry line{
      {version(a, {}), version(b, {a}), version(c, {b}), version(x, {c}), version(y, {c}), version(z, {b})}};
  CHECK(line.nearest(x, {y}) == std::vector{c});
  CHECK(line.nearest(x, {z}) == std::vector{b});
  CHECK(line.nearest(z, {x, y}) == std::vector{b});
  CHECK(line.nearest(a, {x}).empty());
  const Ancestry crossed{{version(a, {}), version(b, {}), version(x, {a, b}), version(y, {a, b})}};
  CHECK(crossed.nearest(x, {y}) == std::vector{a, b});
  CHECK(Ancestry{{version(x, {z}), version(y, {z})}}.nearest(x, {y}) == std::vector{z});
}

TEST_CASE("of several ancestors each must give the same") {
  Item item;
  const auto a = item.put(id_of(1), {}, json(R"({"x":1})"));
  const auto b = item.put(id_of(2, 2), {}, json(R"({"x":2})"));
  item.put(id_of(9), {a, b}, json(R"({"x":1,"y":1})"));
  item.put(id_of(3, 2), {a, b}, json(R"({"x":1,"z":1})"));
  CHECK(value_of(item.merge()) == R"({"x":1,"y":1,"z":1})");
  item.values.at(id_of(3, 2)).value = Secret::copy_of(R"({"x":2,"z":1})");
  CHECK(item.merge().clashes == Clashes{"ancestor"});
}

TEST_CASE("three heads are joined in the order in which they win, and one clash leaves all of them") {
  Item item;
  const auto first = item.put(id_of(1), {}, json("{}"));
  item.put(id_of(3, 1), {first}, json(R"({"a":1})"));
  item.put(id_of(4, 2), {first}, json(R"({"b":1})"));
  item.put(id_of(5, 3), {first}, json(R"({"c":1})"));
  CHECK(value_of(item.merge()) == R"({"c":1,"b":1,"a":1})");
  item.values.at(id_of(3, 1)).value = Secret::copy_of(R"({"b":2})");
  CHECK(item.merge().clashes == Clashes{"value/b"});
}

TEST_CASE("more heads than people make are left to one") {
  Item item;
  const auto first = item.put(id_of(1), {}, text("a"));
  for (std::uint64_t i = 0; i < limits::merged_heads; ++i) item.put(id_of(2 + i), {first}, text("b"));
  CHECK(value_of(item.merge()) == "b");
  item.put(id_of(100), {first}, text("b"));
  CHECK(item.merge().clashes == Clashes{"heads"});
}

TEST_CASE("the author of the winner merges; if it is revoked the next one; if all are, the least device") {
  const std::vector<Version> heads{version(id_of(3, 3), {}), version(id_of(2, 2), {})};
  std::vector<crypto::KeyringDevice> devices(3);
  for (std::uint8_t i = 0; i < 3; ++i) devices[i].id = of_byte<DeviceId>(static_cast<std::uint8_t>(i + 1));
  CHECK(merging_device(heads, devices) == devices[2].id);
  devices[2].active = false;
  CHECK(merging_device(heads, devices) == devices[1].id);
  devices[1].active = false;
  CHECK(merging_device(heads, devices) == devices[0].id);
  devices[0].active = false;
  CHECK_FALSE(merging_device(heads, devices));
}

// -- That it ends. Devices here are an index each, and what they have not heard of yet.

namespace {

struct Peer {
  DeviceId id;
  Index index;
  std::uint64_t clock = 0;
  std::vector<VersionId> waiting;  // versions of others, in no order
};

class Town {
 public:
  Town(Random& random, std::size_t peers) : random_(random) {
    for (std::uint8_t i = 0; i < peers; ++i) {
      peers_.push_back({.id = of_byte<DeviceId>(static_cast<std::uint8_t>(i + 1))});
      devices_.emplace_back();
      devices_.back().id = peers_.back().id;
      devices_.back().active = i == 0 || random.chance(85);
    }
  }

  void some_step() {
    auto& peer = peers_[random_.below(peers_.size())];
    if (random_.chance(40)) write(peer);
    else if (random_.chance(70)) hear(peer);
    else merge(peer);
  }

  // Nobody writes any more. True if all come to rest with one view; merging may be interrupted by hearing at any point.
  bool settles() {
    for (int step = 0; step < 20'000; ++step) {
      auto& peer = peers_[random_.below(peers_.size())];
      if (random_.chance(50)) hear(peer);
      else merge(peer);
      if (at_rest()) return true;
    }
    return false;
  }

  bool at_rest() {
    for (auto& peer : peers_)
      if (!peer.waiting.empty() || merge_of(peer)) return false;
    return true;
  }

  const std::vector<Peer>& peers() const { return peers_; }
  const std::map<VersionId, Version>& versions() const { return versions_; }
  std::size_t merges = 0;

 private:
  void write(Peer& peer) {
    const auto heads = peer.index.heads("item");
    if (!heads.empty() && random_.chance(10)) return say(peer, heads, std::nullopt);
    std::string value = "{";
    for (const char* key : {"\"a\":", "\"b\":", "\"c\":"})
      if (random_.chance(60))
        value += (value.size() > 1 ? "," : "") + std::string{key} + std::to_string(random_.below(3));
    say(peer, heads, json(value + "}"));
  }

  std::optional<Merged> merge_of(Peer& peer) {
    const auto heads = peer.index.heads("item");
    if (heads.size() < 2 || merging_device(heads, devices_) != peer.id) return std::nullopt;
    OpenedVersions opened;
    for (const auto& [id, value] : values_) opened.emplace(id, value ? &*value : nullptr);
    auto out = merge_heads(merge_steps(heads, peer.index.history("item")), opened);
    if (!out.clashes.empty()) return std::nullopt;
    return out;
  }

  void merge(Peer& peer) {
    auto merged = merge_of(peer);
    if (!merged) return;
    ++merges;
    say(peer, peer.index.heads("item"), std::move(merged->value));
  }

  void say(Peer& peer, const std::vector<Version>& heads, std::optional<ItemValue> value) {
    auto next = version({peer.id, ++seq_, 0, {}}, {}, value ? Operation::put : Operation::remove);
    for (const auto& head : heads) next.replaces.push_back(head.id);
    next.clock = ++peer.clock;
    values_.emplace(next.id, std::move(value));
    versions_.emplace(next.id, next);
    peer.index.add("item", next);
    for (auto& other : peers_)
      if (other.id != peer.id) other.waiting.push_back(next.id);
  }

  void hear(Peer& peer) {
    if (peer.waiting.empty()) return;
    const auto at = peer.waiting.begin() + static_cast<std::ptrdiff_t>(random_.below(peer.waiting.size()));
    const auto& heard = versions_.at(*at);
    peer.index.add("item", heard);
    peer.clock = std::max(peer.clock, heard.clock);
    peer.waiting.erase(at);
  }

  Random& random_;
  std::vector<Peer> peers_;
  std::vector<crypto::KeyringDevice> devices_;
  std::map<VersionId, Version> versions_;
  std::map<VersionId, std::optional<ItemValue>> values_;
  std::uint64_t seq_ = 0;
};

}  // namespace

TEST_CASE("devices that write and merge apart come to rest with the same heads, and nothing that was written is gone") {
  std::size_t merges = 0;
  for_all(400, [&merges](Random& random) {
    Town town{random, 2 + random.below(4)};
    for (auto steps = random.below(60); steps > 0; --steps) town.some_step();
    const auto before = town.merges;
    REQUIRE(town.settles());
    CHECK(town.merges - before <= 40);
    const auto& first = town.peers().front().index;
    for (const auto& peer : town.peers()) {
      CHECK(peer.index.heads("item") == first.heads("item"));
      CHECK(peer.index.history("item").size() == town.versions().size());
      CHECK(peer.index.conflicts().size() == (first.heads("item").size() > 1 ? 1 : 0));
    }
    merges += town.merges;
  });
  if (std::getenv("VAULT_SEED") == nullptr) CHECK(merges > 100);
}

}  // namespace merge_test
