// SPDX-License-Identifier: Apache-2.0
// The index, its pages and its checkpoint beside a plain map, whose keys are bytes and not text: names in all scripts,
// and names of any bytes, in pages so small that every batch crosses many.
#include "base/order.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "crypto/rules.hpp"
#include "daemon/index/snapshot.hpp"
#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::daemon;
using namespace vault::tests;
using crypto::Operation;

namespace order_test {
namespace {

Bytes key_of(std::string_view name) { return {name.begin(), name.end()}; }

// -- The plain map

struct Item {
  std::map<VersionId, Version> all;
  std::set<VersionId> replaced;

  std::vector<Version> heads() const {
    std::vector<Version> out;
    for (const auto& [id, version] : all)
      if (!replaced.contains(id)) out.push_back(version);
    std::ranges::sort(out, daemon::wins_over);
    return out;
  }
  std::vector<Version> history() const {
    std::vector<Version> out;
    for (const auto& [id, version] : all) out.push_back(version);
    return out;
  }
};

class Model {
 public:
  void add(const std::string& name, const Version& version) {
    auto& item = items_[key_of(name)];
    if (item.all.empty()) names_.push_back(name);
    item.all.emplace(version.id, version);
    item.replaced.insert(version.replaces.begin(), version.replaces.end());
  }
  const std::map<Bytes, Item>& items() const { return items_; }
  const std::vector<std::string>& names() const { return names_; }
  Item of(const std::string& name) const {
    const auto at = items_.find(key_of(name));
    return at != items_.end() ? at->second : Item{};
  }

 private:
  std::map<Bytes, Item> items_;
  std::vector<std::string> names_;
};

// -- Names

// On both sides of where UTF-8 needs one byte more, and of all scripts that a byte can begin.
std::string some_character(Random& random) {
  static const std::vector<std::string> some{
      " ", "0",      "a",      "z",  "~",  "\u00a0", "é",      "ÿ",          "\u0301",     "ж",      "א",
      "ع", "\u07ff", "\u0800", "あ", "漢", "힣",     "\ufffd", "\U00010000", "\U0001F600", "\u200d", "\U0010FFFF"};
  return some[random.below(some.size())];
}

std::string some_byte(Random& random) {
  static const std::vector<int> edges{0x00, 0x01, 0x7e, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff};
  const auto byte = random.chance(70) ? edges[random.below(edges.size())] : static_cast<int>(random.below(256));
  return {static_cast<char>(byte)};
}

using Letter = std::string (*)(Random&);

// One that may share its first letters with a name that is there. 1 to 1,024 bytes.
std::string some_name(Random& random, Letter letter, const std::vector<std::string>& there) {
  std::string name;
  if (!there.empty() && random.chance(50)) name = there[random.below(there.size())];
  name.resize(random.below(name.size() + 1));
  while (letter == some_character && !crypto::is_utf8(name)) name.pop_back();
  const std::size_t most = random.chance(98) ? name.size() + 1 + random.below(12) : 900 + random.below(200);
  while (name.empty() || name.size() < most) name += letter(random);
  while (name.size() > limits::name_bytes || (letter == some_character && !crypto::check_name(name))) name.pop_back();
  return name;
}

// -- Versions

class Writers {
 public:
  explicit Writers(Random& random) : random_(random) {}

  // A write of an item: most replace what is there, some did not know of it, or know of what never comes.
  Version write(const Item& item) {
    Version out{.id = new_id(), .clock = random_.below(1000), .wall = random_.below(1u << 20)};
    out.at = {out.id.device, out.id.seq, 0};
    out.size = random_.below(70'000);
    if (random_.chance(20)) out.operation = Operation::remove;
    const bool knows = random_.chance(85);
    for (const auto& [id, version] : item.all)
      if (knows ? !item.replaced.contains(id) : random_.chance(10)) out.replaces.push_back(id);
    if (random_.chance(1)) out.replaces.push_back(new_id());
    std::ranges::sort(out.replaces);
    return out;
  }

 private:
  VersionId new_id() {
    VersionId id{of_byte<DeviceId>(static_cast<std::uint8_t>(1 + random_.below(3))), ++seq_, 0, {}};
    id.check[0] = static_cast<std::uint8_t>(random_.below(256));
    return id;
  }
  Random& random_;
  std::uint64_t seq_ = 0;
};

using Named = std::pair<std::string, Version>;

std::vector<Named> some_writes(Random& random, Letter letter, Writers& writers, Model& model, std::size_t count) {
  std::vector<Named> out;
  while (out.size() < count) {
    const auto& names = model.names();
    const auto name = names.empty() || random.chance(35) ? some_name(random, letter, names)
                      : random.chance(10)                ? names[random.below(std::min<std::size_t>(names.size(), 3))]
                                                         : names[random.below(names.size())];
    out.emplace_back(name, writers.write(model.of(name)));
    model.add(name, out.back().second);
  }
  return out;
}

// -- What must be the same

void compare_items(const Index& index, const Model& model) {
  IndexCounts counts{};
  for (const auto& [key, item] : model.items()) {
    const auto name = std::string{text_of(key)};
    const auto heads = item.heads();
    INFO(hex(key));
    REQUIRE(index.heads(name) == heads);
    REQUIRE(index.history(name) == item.history());
    REQUIRE(index.find(name, item.all.begin()->first) == item.all.begin()->second);
    counts.items += heads.empty() || heads.front().operation == Operation::remove ? 0u : 1u;
    counts.conflicts += heads.size() > 1 ? 1u : 0u;
    ++counts.names;
    counts.versions += item.all.size();
  }
  REQUIRE(index.counts() == counts);
}

// The names with a prefix that come after a name, as a list asks for them page by page.
std::vector<Bytes> listed(const Index& index, const std::string& prefix, std::optional<std::string> after,
                          std::size_t most) {
  std::vector<Bytes> out;
  index.walk(after ? *after + '\0' : prefix, [&](const std::string& name, const std::vector<Version>& heads) {
    if (!name.starts_with(prefix) || out.size() == most) return false;
    REQUIRE(heads == index.heads(name));
    out.push_back(key_of(name));
    return true;
  });
  return out;
}

std::vector<Bytes> expected(const Model& model, const std::string& prefix, const std::optional<std::string>& after,
                            std::size_t most) {
  std::vector<Bytes> out;
  for (const auto& [key, item] : model.items())
    if (text_of(key).starts_with(prefix) && (!after || key > key_of(*after)) && out.size() < most) out.push_back(key);
  return out;
}

void compare_lists(const Index& index, const Model& model, Random& random) {
  REQUIRE(listed(index, "", {}, SIZE_MAX) == expected(model, "", {}, SIZE_MAX));
  for (int i = 0; i < 10; ++i) {
    const auto& name = model.names()[random.below(model.names().size())];
    const auto prefix = name.substr(0, random.below(std::min<std::size_t>(name.size(), 4) + 1));
    const auto after = random.chance(50) ? std::optional{name} : std::nullopt;
    const auto most = 1 + random.below(50);
    INFO(hex(bytes_of(prefix)) << " after " << hex(bytes_of(name)));
    REQUIRE(listed(index, prefix, after, most) == expected(model, prefix, after, most));
  }
}

void compare(const Index& index, const Model& model, Random& random) {
  compare_items(index, model);
  compare_lists(index, model, random);
}

// -- The checkpoint

class Disk {
 public:
  // What an unlock finds after the index was saved.
  Index save_and_load(Index& index) {
    while (index.fold(10) > 0) {
    }
    const auto plan = plan_snapshot(index, {}, 1, last_serial_, home_.keychain, home_.id(0));
    const auto sealed = seal_snapshot(plan);
    REQUIRE(sealed);
    REQUIRE(store_.write([&](store::WriteTxn& tx) { put_snapshot(tx, *sealed); }));
    last_serial_ = plan.last_serial;
    index.stored(plan.slots);
    auto loaded = load_snapshot(store_, *home_.keychain, home_.id(0), {});
    REQUIRE(loaded);
    REQUIRE(loaded->index.slots().size() > 1);
    return std::move(loaded->index);
  }

 private:
  Household home_;
  TempFolder folder_;
  store::Store store_ = open_store(folder_);
  std::uint64_t last_serial_ = 0;
};

}  // namespace

TEST_CASE("bytes are ordered as numbers from 0 to 255, as strings and the keys of a map are") {
  for_all(2000, [](Random& random) {
    const auto letter = random.chance(50) ? some_character : some_byte;
    const auto a = some_name(random, letter, {}), b = some_name(random, letter, {a});
    const auto order = compare_bytes(bytes_of(a), bytes_of(b));
    CHECK((order == (key_of(a) <=> key_of(b))));
    CHECK((order == (a <=> b)));
    CHECK((compare_bytes(bytes_of(a), bytes_of(a)) == 0));
  });
  CHECK((compare_bytes({}, bytes_of("\x80")) < 0));
  CHECK((compare_bytes(bytes_of("\x7f"), bytes_of("\x80")) < 0));
}

TEST_CASE("index, pages and checkpoint agree with a plain map, whatever the names are made of") {
  for_all(4, [](Random& random) {
    const Letter letter = random.chance(50) ? some_character : some_byte;
    const IndexSizes sizes{.page_bytes = 128 + random.below(1500), .recent_items = random.below(200)};
    Model model;
    Writers writers{random};
    Disk disk;
    Index index{sizes};
    for (int batch = 0; batch < 8; ++batch) {
      auto writes = some_writes(random, letter, writers, model, 1200);
      for (auto i = writes.size(); i > 1; --i) std::swap(writes[i - 1], writes[random.below(i)]);
      for (const auto& [name, version] : writes) index.add(name, version);
      for (const auto& [name, version] : writes)
        if (random.chance(5)) index.add(name, version);  // one that comes again
      compare(index, model, random);
      auto again = disk.save_and_load(index);
      compare(again, model, random);
      if (random.chance(25)) index = std::move(again);  // whose pages are of the usual size from then on
    }
  });
}

TEST_CASE("what is written after a checkpoint replaces what was there, in every script") {
  const Household home;
  const TempFolder folder;
  OpenVault open{home, folder};
  const auto puts = [] {
    std::vector<ItemWrite> out;
    for (const auto* name : {"z", "é", "ж", "漢", "\U0001F600", "e\u0301", "א"}) out.push_back(put_of(name, "a value"));
    for (int i = 0; i < 300; ++i) out.push_back(put_of("å/" + std::to_string(i), "a value"));
    return out;
  };
  open.write_at_once(puts());
  while (open.vault->index.fold(10) > 0) {
  }
  open.write_at_once(puts());
  for (const auto& write : puts()) {
    INFO(write.name);
    CHECK(open.vault->index.heads(write.name).size() == 1);
    CHECK(open.vault->index.history(write.name).size() == 2);
  }
  CHECK(open.vault->index.counts().conflicts == 0);
}

}  // namespace order_test
