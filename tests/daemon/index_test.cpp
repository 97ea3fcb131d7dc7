// The index is a function of the set of versions: a plain recount over all of them says what it must be.
#include "daemon/index.hpp"

#include <algorithm>

#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using crypto::Operation;

namespace {

using Named = std::pair<std::string, Version>;

VersionId id_of(std::uint64_t seq, std::uint8_t device = 1) {
  VersionId id{of_byte<DeviceId>(device), seq, 0, {}};
  id.check[0] = static_cast<std::uint8_t>(seq);
  return id;
}

Version version(const VersionId& id, std::vector<VersionId> replaces, std::uint64_t clock,
                Operation operation = Operation::put) {
  return {
      .id = id, .at = {id.device, id.seq, 0}, .operation = operation, .clock = clock, .replaces = std::move(replaces)};
}

// Versions of few names by few devices; each replaces some of those before it, or none, or one that is not there.
std::vector<Named> some_versions(Random& random) {
  std::vector<Named> all;
  for (std::uint64_t seq = 1; seq <= 2 + random.below(30); ++seq) {
    const auto name = "item/" + std::to_string(random.below(4));
    std::vector<VersionId> replaces;
    for (const auto& [other, before] : all)
      if (other == name && random.chance(40)) replaces.push_back(before.id);
    if (random.chance(5)) replaces.push_back(id_of(1000 + seq));
    const auto operation = random.chance(30) ? Operation::remove : Operation::put;
    all.emplace_back(name, version(id_of(seq, static_cast<std::uint8_t>(1 + random.below(3))), std::move(replaces),
                                   random.below(5), operation));
  }
  return all;
}

Index index_of(const std::vector<Named>& versions) {
  Index index;
  for (const auto& [name, one] : versions) index.add(name, one);
  return index;
}

// The heads of a name by the definition alone, the winner first.
std::vector<VersionId> recounted(const std::vector<Named>& all, const std::string& name) {
  std::vector<const Version*> heads;
  for (const auto& [other, one] : all) {
    const bool replaced = std::ranges::any_of(all, [&, id = one.id](const auto& by) {
      return by.first == name && std::ranges::count(by.second.replaces, id) > 0;
    });
    if (other == name && !replaced) heads.push_back(&one);
  }
  std::ranges::sort(heads, [](const auto* a, const auto* b) {
    return crypto::wins_over({a->operation, a->clock, a->id}, {b->operation, b->clock, b->id});
  });
  std::vector<VersionId> out;
  for (const auto* head : heads) out.push_back(head->id);
  return out;
}

std::vector<VersionId> heads_of(const Index& index, const std::string& name) {
  std::vector<VersionId> out;
  for (const auto* head : index.find(name)->heads()) out.push_back(head->id);
  return out;
}

void check_against_recount(const Index& index, const std::vector<Named>& all) {
  std::uint64_t existing = 0, conflicts = 0, versions = 0;
  for (const auto& [name, item] : index.items()) {
    const auto heads = recounted(all, name);
    CHECK(heads_of(index, name) == heads);
    REQUIRE_FALSE(heads.empty());
    CHECK(item.winner()->id == heads.front());
    existing += item.winner()->operation == Operation::put;
    conflicts += heads.size() > 1;
    versions += item.versions().size();
    for (const auto& one : item.versions()) CHECK(one.replaced == (std::ranges::count(heads, one.id) == 0));
  }
  CHECK(index.existing() == existing);
  CHECK(index.conflicts() == conflicts);
  CHECK(versions == all.size());
}

}  // namespace

TEST_CASE("heads, winners and counters are those of a recount, in whatever order versions come and however often") {
  for_all(300, [](Random& random) {
    auto versions = some_versions(random);
    const auto all = versions;
    for (int order = 0; order < 3; ++order) {
      for (auto i = versions.size(); i > 1; --i) std::swap(versions[i - 1], versions[random.below(i)]);
      auto twice = versions;
      twice.push_back(versions[random.below(versions.size())]);
      check_against_recount(index_of(twice), all);
    }
  });
}

TEST_CASE("an edit and a remove that did not know of each other: the edit wins and both stay") {
  const auto first = version(id_of(1), {}, 10);
  const auto edit = version(id_of(2), {id_of(1)}, 20);
  const auto remove = version(id_of(3, 2), {id_of(1)}, 30, Operation::remove);
  for (const auto& order : {std::vector{first, edit, remove}, std::vector{remove, edit, first}}) {
    Index index;
    for (const auto& one : order) index.add("notes/today", one);
    const auto* item = index.find("notes/today");
    CHECK(item->winner()->id == edit.id);
    CHECK(item->exists());
    CHECK(item->in_conflict());
    CHECK(item->heads().size() == 2);
    CHECK(index.existing() == 1);
    CHECK(index.conflicts() == 1);
  }
}

TEST_CASE("an item that was removed does not exist and keeps its history") {
  Index index;
  index.add("notes/today", version(id_of(1), {}, 10));
  index.add("notes/today", version(id_of(2), {id_of(1)}, 20, Operation::remove));
  CHECK(index.existing() == 0);
  CHECK_FALSE(index.find("notes/today")->exists());
  CHECK(index.find("notes/today")->find(id_of(1)) != nullptr);
  CHECK(index.find("notes/tomorrow") == nullptr);
}

// Quadratic work would be 4 * 10^10 steps here, which nobody waits for.
TEST_CASE("an item that was written 200,000 times is added to as quickly as a new one") {
  constexpr std::uint64_t many = 200'000;
  Index index;
  index.add("notes/today", version(id_of(1), {}, 1));
  for (std::uint64_t seq = 2; seq <= many; ++seq) index.add("notes/today", version(id_of(seq), {id_of(seq - 1)}, seq));
  const auto* item = index.find("notes/today");
  CHECK(item->versions().size() == many);
  CHECK(item->winner()->id == id_of(many));
  CHECK(item->heads().size() == 1);
  CHECK(index.conflicts() == 0);
}
