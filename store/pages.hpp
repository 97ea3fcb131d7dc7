// SPDX-License-Identifier: Apache-2.0
// Reads the pages of a database file without trusting them.
//
// LMDB trusts what it maps. A length, an offset or a page number that was edited ends its process, and a page that is
// both in use and in the list of free pages gets overwritten. Here every number is checked before it is followed. This
// reads the layout of LMDB 0.9 (MDB_DATA_VERSION 1) from bytes and needs no LMDB. Its views live as long as the bytes
// of the file.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace vault::store {

class Pages {
 public:
  explicit Pages(BytesView file);

  // Calls fn(table, key, value) for every row of the newest transaction that can be reached, table by table, in key
  // order.
  using Row = std::function<void(std::string_view table, BytesView key, BytesView value)>;
  void walk(const Row& fn);

  // Returns the first fault that walk() found. Empty if LMDB can open the file, find all of it and write to it: both
  // roots are well formed; every page in use is well formed, in its place, used once and not free; the keys are in
  // order.
  std::string_view fault() const { return fault_; }

  // True if rows of the table could not be reached, or if that is unknown.
  bool lacks(std::string_view table) const { return lacks_all_ || lacking_.contains(table); }

  // Calls fn(key, value) for every row on every page that looks like a leaf, even of older transactions.
  void strewn(const std::function<void(BytesView key, BytesView value)>& fn) const;

  // Returns LMDB's number of the newest transaction.
  std::uint64_t newest_commit() const { return root_.txnid; }

 private:
  struct Tree {
    std::uint16_t flags = 0, depth = 0;
    std::uint64_t entries = 0, root = 0;
  };
  struct Root {
    std::uint64_t last_page = 0, txnid = 0;
    Tree free, main;
  };
  struct Page {
    BytesView bytes;
    std::uint16_t flags = 0;
    std::vector<std::uint16_t> nodes;  // offsets of the nodes
  };
  struct Node {
    std::uint64_t below = 0;  // in a branch: the page that the node leads to
    std::uint16_t flags = 0;
    BytesView key, value;
  };
  // Holds the state of a walk down one tree.
  struct Descent {
    unsigned depth = 0;    // depth of its leaves
    bool numbers = false;  // its keys are LMDB's own numbers
    std::function<void(const Node&)> fn;
    std::uint64_t entries = 0;
    bool whole = true;
  };
  struct Bounds {
    BytesView low, high;  // empty if there is no bound
  };

  std::optional<Root> root_at(std::uint64_t number, std::size_t page_size) const;
  void find_roots();
  Tree tree_of(BytesView bytes) const;
  bool is_tree(const Tree& tree, std::uint16_t flags) const;
  std::optional<Page> page(std::uint64_t number) const;
  std::optional<Node> node(const Page& page, std::size_t offset) const;
  std::optional<BytesView> overflow(std::uint64_t number, std::size_t size) const;
  std::optional<BytesView> value_of(const Node& node);
  bool claim(std::uint64_t number, std::uint64_t count);
  void broken(Descent& descent, const char* why);
  void descend(const Tree& tree, Descent& descent);
  void visit(std::uint64_t number, unsigned depth, Bounds bounds, Descent& descent);
  void visit_leaf(const Page& page, Bounds bounds, Descent& descent);
  void visit_branch(const Page& page, unsigned depth, Bounds bounds, Descent& descent);
  void walk_table(std::string_view name, const Tree& tree, const Row& fn);
  void walk_free();
  void note_free(const Node& node, Descent& descent);

  BytesView file_;
  std::size_t page_size_ = 0;
  Root root_;
  bool both_roots_ = false, lacks_all_ = false;
  std::string_view fault_;
  std::uint64_t pages_ = 0;  // whole ones in the file
  std::vector<bool> used_;   // by number; free pages may lie beyond the file
  std::set<std::string, std::less<>> lacking_;
};

}  // namespace vault::store
