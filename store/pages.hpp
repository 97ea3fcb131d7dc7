// SPDX-License-Identifier: Apache-2.0
// The pages of a database file, read without believing them.
//
// LMDB trusts what it maps: a length, an offset or a page's number that was edited ends its process, and a page that is
// in use and in the list of free pages too is overwritten by a later write. Here every number is looked at before it is
// followed. It reads the layout of LMDB 0.9 (MDB_DATA_VERSION 1) from bytes, and needs no LMDB.
//
// Views that it hands out live as long as the bytes of the file.
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

  // Calls fn(table, key, value) for every row of the newest transaction that can be reached, table by table in the
  // order of the keys.
  using Row = std::function<void(std::string_view table, BytesView key, BytesView value)>;
  void walk(const Row& fn);

  // What walk() found: empty if LMDB can open the file and find all of it and write to it, which is that both roots are
  // well formed, every page in use is well formed, in its place, in use once and not free, and the keys are in their
  // order. Else the first thing that is not so.
  std::string_view fault() const { return fault_; }

  // Whether rows of the table could not be reached, or nobody can tell.
  bool lacks(std::string_view table) const { return lacks_all_ || lacking_.contains(table); }

  // Calls fn(key, value) for every row of every page that has the form of a leaf, those of older transactions too.
  void strewn(const std::function<void(BytesView key, BytesView value)>& fn) const;

  std::uint64_t newest_commit() const { return root_.txnid; }  // LMDB's number of the newest transaction

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
    std::vector<std::uint16_t> nodes;  // their offsets
  };
  struct Node {
    std::uint64_t below = 0;  // a branch's: the page that it leads to
    std::uint16_t flags = 0;
    BytesView key, value;
  };
  // What walks down one tree.
  struct Descent {
    unsigned depth = 0;    // of its leaves
    bool numbers = false;  // its keys are LMDB's own numbers
    std::function<void(const Node&)> fn;
    std::uint64_t entries = 0;
    bool whole = true;
  };
  struct Bounds {
    BytesView low, high;  // empty: none
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
  std::vector<bool> used_;
  std::set<std::string, std::less<>> lacking_;
};

}  // namespace vault::store
