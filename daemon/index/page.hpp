// SPDX-License-Identifier: Apache-2.0
// Stores a run of the index's entries in the order of their keys, front-coded, in some kilobytes that never change: a
// change makes a new page. So another thread can read a page, and it can be sealed and stored as it is.
//
//   entry = varint shared ‖ varint length ‖ the rest of the name ‖ varint length ‖ body
//
// A name shares its first bytes with the one before. An item has one entry for its heads, then one for each version
// that was replaced, so a long history is spread over pages and a write of its item touches one of them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "daemon/index/version_codec.hpp"

namespace vault::daemon {

struct EntryKey {
  std::string_view name;
  std::optional<VersionId> past;  // nullopt: the entry of the heads, which comes first
  auto operator<=>(const EntryKey&) const = default;
};

// Returns the heads of an item from the page where they belong, without building the names before it; empty if absent.
ItemHeads find_heads(BytesView page, std::string_view name, const DeviceNumbers& devices);

// Holds an entry to be merged into a page.
struct Entry {
  std::string_view name;
  std::optional<VersionId> past;
  Bytes body;
  EntryKey key() const { return {name, past}; }
};

Entry entry_of(std::string_view name, const ItemHeads& item, DeviceNumbers& devices);
Entry entry_of(std::string_view name, const Version& past, DeviceNumbers& devices);

// Reads the entries of a page one by one.
class PageReader {
 public:
  PageReader(BytesView page, const DeviceNumbers& devices) : in_(page), devices_(devices) {}

  bool next();  // moves to the next entry; false at the end or if malformed
  bool whole() const { return in_.done(); }

  EntryKey key() const { return {name_, past_}; }
  const std::string& name() const { return name_; }
  bool is_heads() const { return !past_; }
  BytesView body() const { return body_; }
  ItemHeads heads();  // requires: is_heads()
  Version past();     // requires: !is_heads()

 private:
  ByteReader in_;
  const DeviceNumbers& devices_;
  std::string name_;
  std::optional<VersionId> past_;
  BytesView body_;
};

class IndexPage {
 public:
  IndexPage(Bytes bytes, const EntryKey& first) : bytes_(std::move(bytes)), name_(first.name), past_(first.past) {}
  IndexPage(const IndexPage&) = delete;
  ~IndexPage();  // wipes

  // Reads a stored page. Errors: store_damaged for anything but whole entries in order.
  static Result<std::shared_ptr<const IndexPage>> parse(BytesView bytes, const DeviceNumbers& devices);

  BytesView bytes() const { return bytes_; }
  EntryKey first() const { return {name_, past_}; }

 private:
  Bytes bytes_;
  std::string name_;
  std::optional<VersionId> past_;
};
using IndexPagePtr = std::shared_ptr<const IndexPage>;

// Returns the entries of `page`, which may be null, with `fresh` merged in, in as many pages as that takes. Fresh
// entries replace those with the same key. Requires: `fresh` is ascending and not empty.
std::vector<IndexPagePtr> merge(const IndexPage* page, std::span<const Entry> fresh, std::size_t page_bytes,
                                const DeviceNumbers& devices);

}  // namespace vault::daemon
