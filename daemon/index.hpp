// The items of an unlocked vault: which names there are, which versions each has, and where each version is
// sealed. Derived from the commits alone: any order of application gives the same index.
//
// Values are not in it. It holds names, sizes and times, in memory, while the vault is unlocked.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/record.hpp"

namespace vault::daemon {

using crypto::VersionId;

// A record in a commit of a chain.
struct Location {
  DeviceId device;
  std::uint64_t seq = 0;
  std::uint32_t record = 0;
};

struct Version {
  VersionId id;
  Location at;
  crypto::Operation operation = crypto::Operation::put;
  std::uint64_t clock = 0, wall = 0;
  std::uint64_t size = 0;  // bytes of the value
  std::string content_type;
  std::vector<VersionId> replaces;
  bool replaced = false;  // by another version of the item

  static Version of(const crypto::RecordView& record, Location at);
};

class Item {
 public:
  // Adds a version, once. Two records with one id are equal: the first stays.
  void add(Version version);

  const std::vector<Version>& versions() const { return versions_; }  // ascending by id
  const Version* find(const VersionId& id) const;
  std::vector<const Version*> heads() const;  // the winner first
  const Version* winner() const;              // null only in an item without versions
  bool exists() const;                        // the winner is not a remove
  bool in_conflict() const { return heads_.size() > 1; }

 private:
  std::vector<Version>::iterator place_of(const VersionId& id);

  std::vector<Version> versions_;
  std::vector<VersionId> heads_;  // few, whatever the length of the history
  std::set<VersionId> replaced_;  // named by a version here, and not here themselves yet
};

class Index {
 public:
  using Items = std::map<std::string, Item, std::less<>>;

  void add(std::string_view name, Version version);

  const Item* find(std::string_view name) const;
  const Items& items() const { return items_; }
  std::uint64_t existing() const { return existing_; }
  std::uint64_t conflicts() const { return conflicts_; }

 private:
  Items items_;
  std::uint64_t existing_ = 0, conflicts_ = 0;
};

}  // namespace vault::daemon
