// SPDX-License-Identifier: Apache-2.0
#include "ctl/diff.hpp"

#include <algorithm>

#include "ctl/graph.hpp"
#include "ctl/shown_item.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::ctl;
using namespace vault::tests;

namespace diff_test {
namespace {

Lines some_lines(Random& random) {
  static constexpr std::string_view words[] = {"a", "b", "c", ""};
  Lines out(random.below(30));
  for (auto& line : out) line = words[random.below(4)];
  return out;
}

Lines side(const std::vector<DiffLine>& all, char other) {
  Lines out;
  for (const auto& line : all)
    if (line.mark != other) out.push_back(line.text);
  return out;
}

std::size_t longest_common(const Lines& a, const Lines& b) {
  std::vector<std::vector<std::size_t>> most(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j)
      most[i][j] = a[i - 1] == b[j - 1] ? most[i - 1][j - 1] + 1 : std::max(most[i - 1][j], most[i][j - 1]);
  return most[a.size()][b.size()];
}

ipc::HistoryVersion version(std::string name, std::vector<std::string> replaces) {
  return {.version = std::move(name), .replaces = std::move(replaces)};
}

std::string shown(std::string value, std::string type = {}, ipc::Attributes attributes = {}) {
  ipc::GetResult item{.content_type = std::move(type), .attributes = std::move(attributes)};
  item.value = Secret::copy_of(value);
  return std::string{shown_item(item).text()};
}

}  // namespace

TEST_CASE("a diff has both texts in it, and no more changes than there must be") {
  for_all(500, [](Random& random) {
    const auto before = some_lines(random), after = some_lines(random);
    const auto all = diff(before, after);
    CHECK(side(all, '+') == before);
    CHECK(side(all, '-') == after);
    const auto same = std::ranges::count(all, ' ', &DiffLine::mark);
    CHECK(static_cast<std::size_t>(same) == longest_common(before, after));
  });
}

TEST_CASE("texts with nothing in common and thousands of lines are told apart in the time that a person has") {
  std::string before, after;
  for (int i = 0; i < 10'000; ++i) before += "a" + std::to_string(i) + "\n", after += "b" + std::to_string(i) + "\n";
  const auto all = diff(lines_of(before), lines_of(after));
  CHECK(all.size() == 20'000);
  CHECK(side(all, '+') == lines_of(before));
  CHECK(side(all, '-') == lines_of(after));
}

TEST_CASE("hunks are the changes with three lines around them") {
  std::string text;
  for (int i = 1; i <= 30; ++i) text += std::to_string(i) + "\n";
  auto after = lines_of(text);
  after[9] = "ten";
  after.erase(after.begin() + 24);
  const auto found = hunks(diff(lines_of(text), after));
  REQUIRE(found.size() == 2);
  CHECK((found[0].old_line == 7 && found[0].old_count == 7 && found[0].new_line == 7 && found[0].new_count == 7));
  CHECK((found[1].old_line == 22 && found[1].old_count == 7 && found[1].new_line == 22 && found[1].new_count == 6));
  CHECK(found[1].lines[3] == DiffLine{'-', "25"});
  CHECK(hunks(diff(lines_of(text), lines_of(text))).empty());
  CHECK(hunks(diff({}, {"a"})).front().lines == std::vector{DiffLine{'+', "a"}});
}

TEST_CASE("lines are what newlines end, and what is left") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a") == Lines{"a"});
  CHECK(lines_of("a\n\nb\n") == Lines{"a", "", "b"});
}

TEST_CASE("branches of a history are drawn, and none where there is none") {
  CHECK(graph({version("c", {"b"}), version("b", {"a"}), version("a", {})}).empty());
  CHECK(graph({version("d", {"b", "c"}), version("c", {"a"}), version("b", {"a"}), version("a", {})}) ==
        std::vector<std::string>{"*", "|*", "*|", " *"});
  CHECK(graph({version("c", {"a"}), version("b", {"a"}), version("a", {})}) ==
        std::vector<std::string>{"*", "|*", "*"});
}

TEST_CASE("JSON is shown with a line for each member by name, text as it is, other bytes by their number") {
  CHECK(shown(R"({"b":[1,{"x":"y"}],"a":{},"c":1e400})") ==
        "{\n  \"a\": {}\n  \"b\": [\n    1\n    {\n      \"x\": \"y\"\n    }\n  ]\n  \"c\": 1e400\n}\n");
  CHECK(shown("a\nb", "text/plain", {{"k", "v"}}) == "type: text/plain\nk = v\na\nb");
  CHECK(shown(std::string("a\0b", 3)) == "binary, 3 bytes\n");
  CHECK(shown("{\"a\":1") == "{\"a\":1");
  ipc::GetResult bytes;
  bytes.value_base64 = Secret::copy_of("//4=");
  CHECK(shown_item(bytes).text() == "binary, 2 bytes\n");
}

}  // namespace diff_test
