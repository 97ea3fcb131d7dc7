// SPDX-License-Identifier: Apache-2.0
#include "store/pages.hpp"

#include <bit>
#include <cstring>

#include "base/order.hpp"

namespace vault::store {
namespace {

static_assert(std::endian::native == std::endian::little, "LMDB lays numbers as the machine does; so does this");

// Repeats constants of lmdb.h and mdb.c, 0.9.
constexpr std::uint32_t lmdb_magic = 0xBEEFC0DE, version = 1;
constexpr std::size_t page_header = 16, tree_bytes = 48, node_header = 8;
constexpr std::uint16_t is_branch = 1, is_leaf = 2, is_overflow = 4, is_meta = 8;
constexpr std::uint16_t value_elsewhere = 1, value_is_tree = 2;  // flags of a node in a leaf
constexpr std::uint16_t keys_are_numbers = 8, no_subfolder = 0x4000;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr unsigned deepest = 24;                          // LMDB's cursors go to 32
constexpr std::uint64_t slack = std::uint64_t{64} << 20;  // a file may lack pages at its end that were freed at once

template <class T>
T at(BytesView bytes, std::size_t offset) {
  T out{};
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

constexpr std::size_t even(std::size_t n) { return (n + 1) & ~std::size_t{1}; }

bool before(BytesView one, BytesView other, bool numbers) {
  if (numbers) return at<std::uint64_t>(one, 0) < at<std::uint64_t>(other, 0);
  return compare_bytes(one, other) < 0;
}

}  // namespace

Pages::Pages(BytesView file) : file_(file) {
  find_roots();
  lacks_all_ = page_size_ == 0;
  if (page_size_ != 0) pages_ = file_.size() / page_size_;
  used_.resize(pages_);
}

Pages::Tree Pages::tree_of(BytesView bytes) const {
  return {at<std::uint16_t>(bytes, 4), at<std::uint16_t>(bytes, 6), at<std::uint64_t>(bytes, 32),
          at<std::uint64_t>(bytes, 40)};
}

std::optional<Pages::Root> Pages::root_at(std::uint64_t number, std::size_t page_size) const {
  if ((number + 1) * page_size > file_.size()) return std::nullopt;
  const auto bytes = file_.subspan(number * page_size, page_size);
  const auto meta = bytes.subspan(page_header);
  const bool known = at<std::uint64_t>(bytes, 0) == number && at<std::uint16_t>(bytes, 10) == is_meta &&
                     at<std::uint32_t>(meta, 0) == lmdb_magic && at<std::uint32_t>(meta, 4) == version &&
                     at<std::uint32_t>(meta, 24) == page_size;
  if (!known) return std::nullopt;
  Root root{at<std::uint64_t>(meta, 120), at<std::uint64_t>(meta, 128), tree_of(meta.subspan(24)),
            tree_of(meta.subspan(24 + tree_bytes))};
  root.free.flags &= static_cast<std::uint16_t>(~no_subfolder);
  const bool fits = root.last_page < (file_.size() + slack) / page_size && root.last_page >= 1;
  if (!fits || !is_tree(root.free, keys_are_numbers) || !is_tree(root.main, 0)) return std::nullopt;
  return root;
}

bool Pages::is_tree(const Tree& tree, std::uint16_t flags) const {
  if (tree.flags != flags || tree.depth > deepest) return false;
  return tree.root == no_page ? tree.depth == 0 && tree.entries == 0 : tree.depth > 0 && tree.entries > 0;
}

// Chooses the newer of the two roots that are well formed. It is a fault if one is not.
void Pages::find_roots() {
  for (const std::size_t size : {4096u, 8192u, 16384u, 32768u, 65536u}) {
    const auto one = root_at(0, size), other = root_at(1, size);
    if (!one && !other) continue;
    page_size_ = size;
    root_ = !other || (one && one->txnid > other->txnid) ? *one : *other;
    both_roots_ = one && other;
    if (!both_roots_) fault_ = "one of the two roots is not well formed";
    return;
  }
  fault_ = "it has no root";
}

std::optional<Pages::Page> Pages::page(std::uint64_t number) const {
  if (number < 2 || number >= pages_) return std::nullopt;
  Page out{file_.subspan(number * page_size_, page_size_), 0, {}};
  const auto lower = at<std::uint16_t>(out.bytes, 12), upper = at<std::uint16_t>(out.bytes, 14);
  out.flags = at<std::uint16_t>(out.bytes, 10);
  const bool form = at<std::uint64_t>(out.bytes, 0) == number && (out.flags == is_branch || out.flags == is_leaf) &&
                    lower % 2 == 0 && lower > page_header && lower <= upper && upper <= page_size_;
  if (!form) return std::nullopt;
  std::size_t filled = 0;
  for (std::size_t i = page_header; i < lower; i += 2) {
    const auto offset = at<std::uint16_t>(out.bytes, i);
    const auto found = offset >= upper && offset % 2 == 0 ? node(out, offset) : std::nullopt;
    if (!found) return std::nullopt;
    filled += even(node_header + found->key.size() + found->value.size());
    out.nodes.push_back(offset);
  }
  return filled == page_size_ - upper ? std::optional{std::move(out)} : std::nullopt;
}

std::optional<Pages::Node> Pages::node(const Page& page, std::size_t offset) const {
  if (offset + node_header > page_size_) return std::nullopt;
  const auto low = at<std::uint16_t>(page.bytes, offset), high = at<std::uint16_t>(page.bytes, offset + 2);
  const auto flags = at<std::uint16_t>(page.bytes, offset + 4);
  const std::size_t key = at<std::uint16_t>(page.bytes, offset + 6);
  std::uint64_t size = low | std::uint64_t{high} << 16;
  Node out{.below = size | std::uint64_t{flags} << 32, .flags = flags};
  if (page.flags == is_branch) {
    size = 0;
  } else if (flags > value_is_tree || key == 0) {
    return std::nullopt;
  }
  if (page.flags == is_leaf && flags == value_elsewhere) size = sizeof(std::uint64_t);
  if (offset + node_header + key + size > page_size_) return std::nullopt;
  out.key = page.bytes.subspan(offset + node_header, key);
  out.value = page.bytes.subspan(offset + node_header + key, static_cast<std::size_t>(size));
  return out;
}

// Returns a value that has pages of its own: a run of pages, of which the first has the header.
std::optional<BytesView> Pages::overflow(std::uint64_t number, std::size_t size) const {
  if (number < 2 || number >= pages_) return std::nullopt;
  const auto first = file_.subspan(number * page_size_);
  const std::uint64_t count = at<std::uint32_t>(first, 12);
  const bool form = at<std::uint64_t>(first, 0) == number && at<std::uint16_t>(first, 10) == is_overflow && count > 0 &&
                    count <= pages_ - number && size <= count * page_size_ - page_header;
  return form ? std::optional{first.subspan(page_header, size)} : std::nullopt;
}

// Marks pages as used. False if one of them is used already or cannot exist.
bool Pages::claim(std::uint64_t number, std::uint64_t count) {
  for (; count > 0; --count, ++number) {
    if (number > root_.last_page || number >= pages_ || used_[number]) return false;
    used_[number] = true;
  }
  return true;
}

std::optional<BytesView> Pages::value_of(const Node& node) {
  if (node.flags != value_elsewhere) return node.value;
  const auto number = at<std::uint64_t>(node.value, 0);
  const auto value = overflow(number, static_cast<std::size_t>(node.below & 0xffffffff));
  if (!value) return std::nullopt;
  const auto count = at<std::uint32_t>(file_, number * page_size_ + 12);
  return claim(number, count) ? value : std::nullopt;
}

void Pages::broken(Descent& descent, const char* why) {
  descent.whole = false;
  if (fault_.empty()) fault_ = why;
}

void Pages::descend(const Tree& tree, Descent& descent) {
  descent.depth = tree.depth;
  if (tree.root != no_page) visit(tree.root, 1, {}, descent);
  if (descent.whole && descent.entries != tree.entries) broken(descent, "a table has another number of rows");
}

void Pages::visit(std::uint64_t number, unsigned depth, Bounds bounds, Descent& descent) {
  const auto found = claim(number, 1) ? page(number) : std::nullopt;
  if (!found) {
    broken(descent, "a page is not well formed, or used twice");
    return;
  }
  const bool leaf = depth == descent.depth;
  if ((found->flags == is_leaf) != leaf) broken(descent, "a page is not at its depth");
  else if (leaf) visit_leaf(*found, bounds, descent);
  else visit_branch(*found, depth, bounds, descent);
}

void Pages::visit_leaf(const Page& page, Bounds bounds, Descent& descent) {
  BytesView last;
  for (const auto offset : page.nodes) {
    auto row = *node(page, offset);
    const bool sized = !descent.numbers || row.key.size() == sizeof(std::uint64_t);
    const bool ordered = sized && (last.empty() || before(last, row.key, descent.numbers)) &&
                         (bounds.low.empty() || !before(row.key, bounds.low, descent.numbers)) &&
                         (bounds.high.empty() || before(row.key, bounds.high, descent.numbers));
    const auto value = value_of(row);
    if (!ordered) broken(descent, "the keys of a page are not in their order");
    if (!value) broken(descent, "a value's own pages are not well formed, or used twice");
    if (sized) last = row.key;
    ++descent.entries;
    if (!sized || !value) continue;
    row.value = *value;
    descent.fn(row);
  }
}

void Pages::visit_branch(const Page& page, unsigned depth, Bounds bounds, Descent& descent) {
  if (page.nodes.size() < 2 && !descent.numbers) broken(descent, "a branch leads to one page");
  const auto high = bounds.high;
  for (std::size_t i = 0; i < page.nodes.size(); ++i) {
    const auto one = *node(page, page.nodes[i]);
    if (i > 0) bounds.low = one.key;  // the first key of a branch has no meaning
    bounds.high = i + 1 < page.nodes.size() ? node(page, page.nodes[i + 1])->key : high;
    const bool sized = !descent.numbers || ((bounds.low.empty() || bounds.low.size() == sizeof(std::uint64_t)) &&
                                            (bounds.high.empty() || bounds.high.size() == sizeof(std::uint64_t)));
    if (sized && (i == 0 || !one.key.empty())) visit(one.below, depth + 1, bounds, descent);
    else broken(descent, "a branch has a key of no size");
  }
}

void Pages::walk_table(std::string_view name, const Tree& tree, const Row& fn) {
  Descent descent;
  descent.fn = [&](const Node& row) {
    if (row.flags == value_is_tree) broken(descent, "a table lies in a table");
    else fn(name, row.key, row.value);
  };
  descend(tree, descent);
  if (!descent.whole) lacking_.emplace(name);
}

void Pages::walk(const Row& fn) {
  if (page_size_ == 0) return;
  std::vector<std::pair<std::string_view, Tree>> tables;
  Descent names;
  names.fn = [&](const Node& row) {
    const bool table = row.flags == value_is_tree && row.value.size() == tree_bytes;
    if (table && is_tree(tree_of(row.value), 0)) tables.emplace_back(text_of(row.key), tree_of(row.value));
    else broken(names, "a table's own row is not well formed");
  };
  descend(root_.main, names);
  lacks_all_ = !both_roots_ || !names.whole;
  for (const auto& [name, tree] : tables) walk_table(name, tree, fn);
  walk_free();
}

// Requires: all tables were walked, so all pages in use are known.
void Pages::walk_free() {
  std::vector<Node> rows;
  Descent gather{.numbers = true, .fn = [&rows](const Node& row) { rows.push_back(row); }};
  descend(root_.free, gather);
  for (const auto& row : rows) note_free(row, gather);
}

// Reads one row of the list of free pages: their count, then their numbers, greatest first.
void Pages::note_free(const Node& row, Descent& descent) {
  const auto words = row.value.size() / sizeof(std::uint64_t);
  const auto count = words > 0 ? at<std::uint64_t>(row.value, 0) : 0;
  if (words == 0 || row.flags == value_is_tree || count >= words || at<std::uint64_t>(row.key, 0) > root_.txnid) {
    broken(descent, "the list of free pages is not well formed");
    return;
  }
  auto last = no_page;
  for (std::size_t i = 1; i <= count; ++i) {
    const auto number = at<std::uint64_t>(row.value, i * sizeof(std::uint64_t));
    const bool ordered = number < last && number >= 2 && number <= root_.last_page;
    if (number >= used_.size() && number <= root_.last_page) used_.resize(number + 1);
    if (!ordered || used_[number]) {
      broken(descent, "a page is free and in use");
      return;
    }
    used_[number] = true;
    last = number;
  }
}

void Pages::strewn(const std::function<void(BytesView key, BytesView value)>& fn) const {
  for (std::uint64_t number = 2; number < pages_; ++number) {
    const auto found = page(number);
    if (!found || found->flags != is_leaf) continue;
    for (const auto offset : found->nodes) {
      const auto row = *node(*found, offset);
      if (row.flags == value_is_tree) continue;
      const auto value = row.flags == value_elsewhere ? overflow(at<std::uint64_t>(row.value, 0),
                                                                 static_cast<std::size_t>(row.below & 0xffffffff))
                                                      : row.value;
      if (value) fn(row.key, *value);
    }
  }
}

}  // namespace vault::store
