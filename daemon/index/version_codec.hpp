// SPDX-License-Identifier: Apache-2.0
// Encodes versions in few bytes for the index's pages: some 30 for a version that replaces nothing.
//
// The form is this program's own, for its memory and its own disk: store/SCHEMA.md. Numbers are LEB128; a device is a
// number in a table.
#pragma once

#include <map>
#include <vector>

#include "daemon/chain/version.hpp"

namespace vault::daemon {

void put_varint(ByteWriter& out, std::uint64_t number);
std::uint64_t get_varint(ByteReader& in);  // fails the reader above ten bytes

class DeviceNumbers {
 public:
  std::uint64_t number_of(const DeviceId& device);     // a new device gets the next number
  const DeviceId* device(std::uint64_t number) const;  // null for an unknown number
  const std::vector<DeviceId>& all() const { return all_; }

 private:
  std::vector<DeviceId> all_;
  std::map<DeviceId, std::uint64_t> numbers_;
};

// Holds all that is known of an item except the versions that were replaced.
struct ItemHeads {
  std::vector<Version> heads;      // the winner first
  std::vector<VersionId> missing;  // replaced by a version of the item, and not here themselves; ascending
  std::uint64_t past = 0;          // versions that were replaced

  bool exists() const { return !heads.empty() && heads.front().operation == crypto::Operation::put; }
  bool in_conflict() const { return heads.size() > 1; }
};

void pack(ByteWriter& out, const VersionId& id, DeviceNumbers& devices);
void pack(ByteWriter& out, const Version& version, DeviceNumbers& devices);
void pack(ByteWriter& out, const ItemHeads& item, DeviceNumbers& devices);

// Fail the reader for anything that pack() does not write.
VersionId unpack_id(ByteReader& in, const DeviceNumbers& devices);
Version unpack_version(ByteReader& in, const DeviceNumbers& devices);
ItemHeads unpack_heads(ByteReader& in, const DeviceNumbers& devices);

}  // namespace vault::daemon
