// SPDX-License-Identifier: Apache-2.0
// The index is a function of the set of versions: a plain recount over all of them says what it must be.
#include "daemon/index/index.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "store/errc.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using crypto::Operation;

namespace index_test {
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

// First characters on both sides of 0x80, where signed and unsigned bytes are ordered differently.
constexpr std::array<std::string_view, 5> starts{"item/", "zoo/", "é", "ящик/", "日記/"};

// Versions of some names by few devices; each replaces some of those before it, or none, or one that is not there.
std::vector<Named> some_versions(Random& random) {
  std::vector<Named> all;
  const auto most = 2 + random.below(40), names = 1 + random.below(10);
  for (std::uint64_t seq = 1; seq <= most; ++seq) {
    const auto name = std::string{starts[random.below(starts.size())]} + std::string(random.below(3), 'x') +
                      std::to_string(random.below(names));
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

// Pages of an entry or two and hardly any room before them, so that everything is packed, split and found again.
IndexSizes some_sizes(Random& random) {
  return {.page_bytes = 64 + random.below(400), .recent_items = random.below(6)};
}

Index index_of(const std::vector<Named>& versions, const IndexSizes& sizes) {
  Index index{sizes};
  for (const auto& [name, one] : versions) index.add(name, one);
  return index;
}

// The heads of a name by the definition alone, the winner first.
std::vector<Version> recounted(const std::vector<Named>& all, const std::string& name) {
  std::vector<Version> heads;
  for (const auto& [other, one] : all) {
    const bool replaced = std::ranges::any_of(all, [&, id = one.id](const auto& by) {
      return by.first == name && std::ranges::count(by.second.replaces, id) > 0;
    });
    if (other == name && !replaced) heads.push_back(one);
  }
  std::ranges::sort(heads, daemon::wins_over);
  return heads;
}

std::map<std::string, std::vector<Version>> by_name(const std::vector<Named>& all) {
  std::map<std::string, std::vector<Version>> out;
  for (const auto& [name, one] : all) out[name].push_back(one);
  for (auto& [name, versions] : out) std::ranges::sort(versions, {}, &Version::id);
  return out;
}

void check_against_recount(const Index& index, const std::vector<Named>& all) {
  IndexCounts counts{.versions = all.size()};
  Index::Names conflicts;
  const auto names = by_name(all);
  for (const auto& [name, versions] : names) {
    const auto heads = recounted(all, name);
    REQUIRE_FALSE(heads.empty());
    CHECK(index.heads(name) == heads);
    CHECK(index.history(name) == versions);
    for (const auto& one : versions) CHECK(index.find(name, one.id) == one);
    CHECK_FALSE(index.find(name, id_of(9999)));
    counts.items += heads.front().operation == Operation::put;
    counts.conflicts += heads.size() > 1;
    if (heads.size() > 1) conflicts.insert(name);
    ++counts.names;
  }
  CHECK(index.counts() == counts);
  CHECK(index.conflicts() == conflicts);
}

// A walk from any name meets the names from there on, in order, with their heads, and stops when it is told to.
void check_walk(const Index& index, const std::vector<Named>& all, const std::string& from, std::size_t most) {
  auto names = by_name(all);
  auto expected = names.lower_bound(from);
  std::size_t met = 0;
  index.walk(from, [&](const std::string& name, const std::vector<Version>& heads) {
    REQUIRE(expected != names.end());
    CHECK(name == expected->first);
    CHECK(heads == index.heads(name));
    ++expected;
    return ++met < most;
  });
  CHECK((met == most || expected == names.end()));
}

void shuffle(std::vector<Named>& versions, Random& random) {
  for (auto i = versions.size(); i > 1; --i) std::swap(versions[i - 1], versions[random.below(i)]);
}

}  // namespace

TEST_CASE("heads, histories and counts are those of a recount, in whatever order versions come and however often") {
  for_all(300, [](Random& random) {
    auto versions = some_versions(random);
    const auto all = versions;
    for (int order = 0; order < 3; ++order) {
      shuffle(versions, random);
      auto twice = versions;
      twice.push_back(versions[random.below(versions.size())]);
      const auto index = index_of(twice, some_sizes(random));
      check_against_recount(index, all);
      check_walk(index, all, "item/" + std::to_string(random.below(10)), 1 + random.below(8));
    }
  });
}

TEST_CASE("an index that is packed, taken apart and put together again is the same, and goes on") {
  for_all(200, [](Random& random) {
    auto versions = some_versions(random);
    const auto all = versions;
    shuffle(versions, random);
    const auto half = static_cast<std::ptrdiff_t>(versions.size() / 2);
    auto index = index_of({versions.begin(), versions.begin() + half}, some_sizes(random));
    while (index.fold(1) > 0) {
    }
    std::vector<Index::Slot> slots;
    for (const auto& slot : index.slots()) {
      auto page = IndexPage::parse(slot.page->bytes(), index.devices());
      REQUIRE(page);
      slots.push_back({std::move(*page), slots.size() + 1});
    }
    auto again = Index::restore(index.devices(), slots, index.counts());
    REQUIRE(again);
    for (auto at = versions.begin() + half; at != versions.end(); ++at) again->add(at->first, at->second);
    check_against_recount(*again, all);
  });
}

TEST_CASE("pages in another order are refused, and so is a page that is cut or bent") {
  Index index{IndexSizes{.page_bytes = 100, .recent_items = 0}};
  for (std::uint64_t seq = 1; seq <= 40; ++seq) index.add("item/" + std::to_string(seq), version(id_of(seq), {}, seq));
  index.fold(1000);
  auto slots = index.slots();
  REQUIRE(slots.size() > 3);
  std::swap(slots[0], slots[2]);
  CHECK(Index::restore(index.devices(), slots, index.counts()).error() == StoreErrc::store_damaged);
  const auto page = index.slots()[1].page->bytes();
  for (std::size_t cut = 0; cut < page.size(); ++cut) {
    const auto parsed = IndexPage::parse(page.first(cut), index.devices());
    CHECK((!parsed || (*parsed)->bytes().size() == cut));  // a page of fewer entries is a page
  }
  CHECK_FALSE(IndexPage::parse(page, DeviceNumbers{}));
}

TEST_CASE("an edit and a remove that did not know of each other: the edit wins and both stay") {
  const auto first = version(id_of(1), {}, 10);
  const auto edit = version(id_of(2), {id_of(1)}, 20);
  const auto remove = version(id_of(3, 2), {id_of(1)}, 30, Operation::remove);
  for (const auto& order : {std::vector{first, edit, remove}, std::vector{remove, edit, first}}) {
    Index index;
    for (const auto& one : order) index.add("notes/today", one);
    CHECK(index.heads("notes/today") == std::vector{edit, remove});
    CHECK(index.history("notes/today").size() == 3);
    CHECK(index.counts().items == 1);
    CHECK(index.counts().conflicts == 1);
  }
}

TEST_CASE("an item that was removed does not exist and keeps its history") {
  Index index;
  index.add("notes/today", version(id_of(1), {}, 10));
  index.add("notes/today", version(id_of(2), {id_of(1)}, 20, Operation::remove));
  CHECK(index.counts().items == 0);
  CHECK(index.heads("notes/today").front().operation == Operation::remove);
  CHECK(index.find("notes/today", id_of(1)));
  CHECK(index.heads("notes/tomorrow").empty());
}

// Quadratic work would be 4 * 10^10 steps here, which nobody waits for.
TEST_CASE("an item that was written 200,000 times is added to as quickly as a new one") {
  constexpr std::uint64_t many = 200'000;
  Index index;
  index.add("notes/today", version(id_of(1), {}, 1));
  for (std::uint64_t seq = 2; seq <= many; ++seq) {
    index.add("notes/today", version(id_of(seq), {id_of(seq - 1)}, seq));
    if (seq % 1000 == 0) index.fold(1);
  }
  CHECK(index.history("notes/today").size() == many);
  CHECK(index.heads("notes/today").size() == 1);
  CHECK(index.heads("notes/today").front().id == id_of(many));
  CHECK(index.counts().conflicts == 0);
}

TEST_CASE("a hundred thousand items take less than eighty bytes each, besides their names") {
  Index index;
  for (std::uint64_t seq = 1; seq <= 100'000; ++seq)
    index.add("collection/item number " + std::to_string(seq * 7919 % 100'000), version(id_of(seq), {}, seq << 20));
  while (index.fold(100) > 0) {
  }
  std::size_t bytes = 0;
  for (const auto& slot : index.slots()) bytes += slot.page->bytes().size() + sizeof(IndexPage) + sizeof slot + 48;
  CHECK(bytes / 100'000 < 60);
  CHECK(index.counts().items == 100'000);
}

}  // namespace index_test
