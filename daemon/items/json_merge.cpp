// SPDX-License-Identifier: Apache-2.0
#include "daemon/items/json_merge.hpp"

#include <algorithm>

namespace vault::daemon {
namespace {

using ipc::JsonText;
using Members = std::vector<const JsonText::Member*>;

constexpr std::size_t most_clashes = 100, longest_path = 256;

// Points to one place in the three texts; null where a text has nothing there.
struct Place {
  const JsonText *base, *ours, *theirs;
};

bool equal(const JsonText* a, const JsonText* b) { return a != nullptr && b != nullptr ? same(*a, *b) : a == b; }

bool is_object(const JsonText* value) { return value != nullptr && value->kind == JsonText::Kind::object; }

Members members_of(const JsonText* object) { return object != nullptr ? by_key(*object) : Members{}; }

const JsonText* member(const Members& sorted, std::string_view key) {
  const auto* found = find_key(sorted, key);
  return found != nullptr ? &found->value : nullptr;
}

std::string pointer_step(std::string_view key) {
  std::string out = "/";
  for (const char c : ipc::unescaped(key)) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

// Shortens a path, between UTF-8 characters. Other people make up the keys, so a path may be as long as a value.
std::string cut(std::string path) {
  if (path.size() <= longest_path) return path;
  auto end = longest_path;
  while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xC0) == 0x80) --end;
  path.resize(end);
  return path + "...";
}

class Merge {
 public:
  Merge(std::string path, std::vector<std::string>& clashes) : path_(std::move(path)), clashes_(clashes) {}

  // Writes the merged value to the end of `out`. True if there is one.
  bool value(const Place& at) {
    if (equal(at.ours, at.theirs) || equal(at.base, at.theirs)) return write(at.ours);
    if (equal(at.base, at.ours)) return write(at.theirs);
    if (is_object(at.ours) && is_object(at.theirs) && (at.base == nullptr || is_object(at.base))) return object(at);
    clashed = true;
    if (clashes_.size() < most_clashes) clashes_.push_back(cut(path_));
    return write(at.ours);
  }

  Secret out;
  bool clashed = false;

 private:
  void text(std::string_view more) { out.append(bytes_of(more)); }

  bool write(const JsonText* value) {
    if (value != nullptr) text(value->text);
    return value != nullptr;
  }

  bool object(const Place& at) {
    const auto base = members_of(at.base), ours = members_of(at.ours), theirs = members_of(at.theirs);
    const auto& own = at.ours->members;
    bool any = false;
    text("{");
    std::string_view before_comma;  // the space behind the member that was written last
    for (const auto& m : own)
      if (one({before_comma, m.lead, m.key, m.colon}, {member(base, m.key), &m.value, member(theirs, m.key)}, any))
        any = true, before_comma = m.trail;
    for (const auto& m : at.theirs->members) {
      const auto& style = own.empty() ? m : own.back();
      if (find_key(ours, m.key) == nullptr)
        any |= one({before_comma, style.lead, m.key, style.colon}, {member(base, m.key), nullptr, &m.value}, any);
    }
    text(own.empty() ? at.theirs->tail : at.ours->tail);
    text("}");
    return true;
  }

  struct Spelling {
    std::string_view before_comma, lead, key, colon;
  };

  // Writes a member, unless it has no value. True if it has one.
  bool one(const Spelling& as, const Place& at, bool follows) {
    const auto before = out.size();
    const auto length = path_.size();
    path_ += pointer_step(as.key);
    if (follows) text(as.before_comma), text(",");
    text(as.lead);
    text(as.key);
    text(as.colon);
    const bool there = value(at);
    if (!there) out.resize(before);
    path_.resize(length);
    return there;
  }

  std::string path_;
  std::vector<std::string>& clashes_;
};

}  // namespace

std::optional<Secret> merge_json(const JsonText* base, const JsonText& ours, const JsonText& theirs,
                                 const std::string& path, std::vector<std::string>& clashes) {
  Merge merge{path, clashes};
  merge.value({base, &ours, &theirs});
  if (merge.clashed) return std::nullopt;
  return std::move(merge.out);
}

bool is_json_type(std::string_view type) {
  std::string essence{type.substr(0, type.find(';'))};
  essence.erase(essence.find_last_not_of(" \t") + 1);
  std::ranges::transform(essence, essence.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const auto slash = essence.find('/');
  return essence == "application/json" || (slash != 0 && slash != std::string::npos && essence.ends_with("+json"));
}

}  // namespace vault::daemon
