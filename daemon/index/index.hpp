// SPDX-License-Identifier: Apache-2.0
// Holds the items of an unlocked vault: which names there are, which versions each has, and where each version is
// sealed. Derived from the commits alone: any order of application gives the same index.
//
// Contains names, sizes and times, no values; in memory, while the vault is unlocked. Most of it is packed in pages
// (page.hpp). What changed lately is in a small ordered map, which is folded into the pages bit by bit. A million items
// take some 60 MiB. Pages never change, so a snapshot stores the pages themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/index/page.hpp"

namespace vault::daemon {

struct IndexSizes {
  std::size_t page_bytes = 8 * 1024;  // an item is found by reading half a page: 2 us
  std::size_t recent_items = 4096;    // in the map; plus a sixteenth of all items
};

struct IndexCounts {
  std::uint64_t items = 0;  // items that exist
  std::uint64_t conflicts = 0;
  std::uint64_t names = 0;  // names that ever existed
  std::uint64_t versions = 0;
  bool operator==(const IndexCounts&) const = default;
};

class Index {
 public:
  Index() = default;
  explicit Index(const IndexSizes& sizes) : sizes_(sizes) {}

  // Restores an index from its stored pages. Errors: store_damaged if the pages are not in order.
  struct Slot {
    IndexPagePtr page;
    std::uint64_t serial = 0;  // serial under which it is stored; 0: not stored
  };
  static Result<Index> restore(DeviceNumbers devices, std::vector<Slot> slots, const IndexCounts& counts);

  // Adds a version, once. Two records with one id are equal: the first stays.
  void add(std::string_view name, Version version);

  // Returns the versions of an item that no other replaces, the winner first; empty for a name that never existed.
  std::vector<Version> heads(std::string_view name) const;

  // Returns all versions, ascending by id.
  std::vector<Version> history(std::string_view name) const;
  std::optional<Version> find(std::string_view name, const VersionId& id) const;

  // Calls use(name, heads) for every name from `first` on, ascending, until it returns false.
  using Use = std::function<bool(const std::string& name, const std::vector<Version>& heads)>;
  void walk(std::string_view first, const Use& use) const;

  const IndexCounts& counts() const { return counts_; }

  // Returns the names of all items with more than one head.
  using Names = std::set<std::string, std::less<>>;
  const Names& conflicts() const { return conflicts_; }

  // -- For a snapshot, which stores the pages.

  // Packs recent changes into up to `pages` pages. Returns how many items are left to pack.
  std::size_t fold(std::size_t pages);

  // Requires: fold() returned 0.
  const std::vector<Slot>& slots() const;
  const DeviceNumbers& devices() const { return devices_; }
  void stored(const std::vector<Slot>& slots);  // records the serials of pages that are still in use

 private:
  // Holds an item that changed lately. It overrides what the pages say of the item.
  struct Recent {
    ItemHeads item;
    std::map<VersionId, Version> past;  // those that are in no page yet
  };
  using Recents = std::map<std::string, Recent, std::less<>>;

  std::size_t slot_of(const EntryKey& key) const;
  ItemHeads packed_heads(std::string_view name) const;
  std::optional<Version> packed_past(const EntryKey& key) const;
  Recent& recent(std::string_view name);
  bool is_past(std::string_view name, const Recent& item, const VersionId& id) const;
  void place(std::string_view name, Recent& item, Version version);
  void find_conflicts();
  void fold_one();
  void merge_run(std::size_t slot, std::vector<Entry> fresh);

  IndexSizes sizes_;
  DeviceNumbers devices_;
  std::vector<Slot> slots_;
  Recents recent_;
  std::string folded_;  // the name at which the next fold begins
  IndexCounts counts_;
  Names conflicts_;
};

}  // namespace vault::daemon
