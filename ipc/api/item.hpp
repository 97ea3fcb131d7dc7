// SPDX-License-Identifier: Apache-2.0
// Defines the methods of items, their versions and their conflicts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

using Attributes = std::map<std::string, std::string>;
using AttributesPatch = std::map<std::string, Nullable<std::string>>;  // null removes one

// Stands in `if_version` for an item that does not exist, or was removed.
inline constexpr std::string_view no_version = "none";

// Replaces all heads of the item. What is left out stays as the winner of these heads has it; an item that does not
// exist, or was removed, begins without type and attributes. At most one of `attributes` and `attributes_patch`.
struct PutParams {
  std::string name;
  std::optional<Secret> value, value_base64;  // exactly one of them
  std::optional<std::string> content_type;
  std::optional<Attributes> attributes;             // all of them
  std::optional<AttributesPatch> attributes_patch;  // changes those that are there
  std::optional<std::string> if_version;  // only if this is the one head; no_version: only if there is no item
};
BOOST_DESCRIBE_STRUCT(PutParams, (),
                      (name, value, value_base64, content_type, attributes, attributes_patch, if_version))

struct VersionResult {
  std::string version;
};
BOOST_DESCRIBE_STRUCT(VersionResult, (), (version))

struct GetParams {
  std::string name;
  std::optional<std::string> version;
};
BOOST_DESCRIBE_STRUCT(GetParams, (), (name, version))

struct GetResult {
  std::string name;
  std::optional<Secret> value, value_base64;
  std::string content_type;
  Attributes attributes;
  std::string version, modified;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(GetResult, (), (name, value, value_base64, content_type, attributes, version, modified, heads))

struct RemoveParams {
  std::string name;
  std::optional<std::string> if_version;
};
BOOST_DESCRIBE_STRUCT(RemoveParams, (), (name, if_version))

enum class Operation { put, remove };
BOOST_DESCRIBE_ENUM(Operation, put, remove)

struct HistoryVersion {
  std::string version;
  Operation operation = Operation::put;
  std::string modified;
  std::string device, device_name;  // the device that wrote it
  std::string content_type;
  std::uint64_t size = 0;  // bytes of the value
  std::vector<std::string> replaces;
  bool winner = false, head = false;
};
BOOST_DESCRIBE_STRUCT(HistoryVersion, (),
                      (version, operation, modified, device, device_name, content_type, size, replaces, winner, head))

struct HistoryParams {
  std::string name;
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(HistoryParams, (), (name, cursor, limit))

struct HistoryResult {
  std::vector<HistoryVersion> versions;  // newest first
  std::optional<std::string> cursor;     // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(HistoryResult, (), (versions, cursor))

struct RestoreParams {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(RestoreParams, (), (name, version))

// Replaces all heads by one version, written again, or by the merge of all heads. Exactly one of `version` and `merge`.
struct ResolveParams {
  std::string name;
  std::optional<std::string> version;  // any version of the item, even a remove
  std::optional<bool> merge;
  // Fails unless these are the heads, in any order.
  std::optional<std::vector<std::string>> if_heads;
};
BOOST_DESCRIBE_STRUCT(ResolveParams, (), (name, version, merge, if_heads))

struct ListParams {
  std::optional<std::string> prefix;     // compared byte by byte
  std::optional<Attributes> attributes;  // only items that have these
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
  std::optional<bool> with_attributes;  // list them; each item is opened
};
BOOST_DESCRIBE_STRUCT(ListParams, (), (prefix, attributes, cursor, limit, with_attributes))

struct ListItem {
  std::string name, version, modified, content_type;
  std::uint64_t size = 0;                // bytes of the value
  std::uint64_t heads = 1;               // more than one: a conflict
  std::optional<Attributes> attributes;  // if they were asked for and can be read
};
BOOST_DESCRIBE_STRUCT(ListItem, (), (name, version, modified, content_type, size, heads, attributes))

struct ListResult {
  std::vector<ListItem> items;        // sorted by name; a page may hold fewer than the limit
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ListResult, (), (items, cursor))

// A failure names the item that is refused: `item`, its index, and `name`.
struct PutManyParams {
  std::vector<PutParams> items;
  std::optional<bool> dry_run;  // checks all that a write checks, and writes nothing; `items` may be empty then
};
BOOST_DESCRIBE_STRUCT(PutManyParams, (), (items, dry_run))

struct PutManyResult {
  std::vector<std::string> versions;  // none of a dry run
};
BOOST_DESCRIBE_STRUCT(PutManyResult, (), (versions))

struct ConflictsParams {
  std::optional<std::string> name;  // lists this item only
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ConflictsParams, (), (name, cursor, limit))

struct ConflictHead {
  std::string version;
  Operation operation = Operation::put;
  std::string modified;
  std::string device, device_name;  // the device that wrote it
  std::string content_type;
  std::uint64_t size = 0;  // bytes of the value
};
BOOST_DESCRIBE_STRUCT(ConflictHead, (), (version, operation, modified, device, device_name, content_type, size))

struct ConflictItem {
  std::string name;
  std::vector<ConflictHead> heads;      // the winner comes first
  std::optional<std::string> ancestor;  // the version that all heads come from, if there is exactly one
  bool merges = false;                  // the heads can be merged without a choice by anybody
  // Lists what cannot be merged: "value", "value/password", "content_type", "attributes/url".
  std::vector<std::string> clashes;
};
BOOST_DESCRIBE_STRUCT(ConflictItem, (), (name, heads, ancestor, merges, clashes))

struct ConflictsResult {
  std::vector<ConflictItem> items;    // sorted by name
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ConflictsResult, (), (items, cursor))

namespace methods {

inline constexpr Method<PutParams, VersionResult> item_put{"item.put", "Write an item.", Use::yes, Takes::nothing,
                                                           footprint::item};
inline constexpr Method<GetParams, GetResult> item_get{"item.get", "Read an item, or one version of it.", Use::yes,
                                                       Takes::nothing, footprint::value};
inline constexpr Method<RemoveParams, VersionResult> item_remove{"item.remove", "Remove an item; its history stays.",
                                                                 Use::yes, Takes::nothing, footprint::item};
inline constexpr Method<HistoryParams, HistoryResult> item_history{
    "item.history", "One page of an item's versions, the newest first.", Use::yes, Takes::nothing, footprint::history};
inline constexpr Method<RestoreParams, VersionResult> item_restore{
    "item.restore", "Write an old version of an item again.", Use::yes, Takes::nothing, footprint::item};
inline constexpr Method<ListParams, ListResult> item_list{"item.list", "One page of the items, sorted by name.",
                                                          Use::yes, Takes::nothing, footprint::page};
inline constexpr Method<PutManyParams, PutManyResult> item_put_many{
    "item.put_many", "Write several items in one commit.", Use::yes, Takes::nothing, footprint::versions};
inline constexpr Method<ConflictsParams, ConflictsResult> item_conflicts{
    "item.conflicts", "One page of the items with more than one head, and what these are.", Use::yes, Takes::nothing,
    footprint::page};
inline constexpr Method<ResolveParams, VersionResult> item_resolve{
    "item.resolve", "Write one version, or the merge of all heads, in place of all heads of an item.", Use::yes,
    Takes::nothing, footprint::item};

}  // namespace methods
}  // namespace vault::ipc
