// SPDX-License-Identifier: Apache-2.0
// One write of an item, as it stands in the content of a data commit: crypto/FORMAT.md §6.
//
// RecordView is what a reader gets: it points into the opened content and lives as long as that. RecordDraft is what
// a writer gives.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/errc.hpp"
#include "base/secret.hpp"
#include "crypto/key.hpp"
#include "crypto/version_id.hpp"

namespace vault::crypto {

enum class Operation : std::uint8_t { put = 1, remove = 2 };

// A value of more than 64 KiB, which is elsewhere: crypto/blob.hpp.
struct BlobRef {
  static constexpr std::size_t size = 16 + 32 + 8 + 32;  // bytes, in a record
  BlobId id;
  BlobKey key;
  std::uint64_t length;
  Hash root;
};

struct Attribute {
  std::string_view key;
  std::string_view value;
  bool operator==(const Attribute&) const = default;
};

struct RecordView {
  VersionId id;
  Operation operation = Operation::put;
  std::string_view name;
  std::string_view content_type;
  std::vector<Attribute> attributes;  // ascending by key
  std::vector<VersionId> replaces;    // ascending
  std::uint64_t clock = 0;
  std::uint64_t wall_ms = 0;
  BytesView value;  // empty for a blob or a remove
  BytesView blob;   // of an encoded BlobRef; empty for an inline value or a remove
  BytesView rest;   // all of the record behind its version id

  bool is_blob() const { return !blob.empty(); }
  BlobRef blob_ref() const;      // requires: is_blob()
  std::uint64_t length() const;  // of the value, wherever it is
};

struct RecordDraft {
  std::optional<VersionId> kept_id;  // of a write that is sealed again; otherwise made from its place
  Operation operation = Operation::put;
  std::string_view name;
  std::string_view content_type;
  std::vector<Attribute> attributes;  // any order
  std::vector<VersionId> replaces;    // any order
  std::uint64_t clock = 0;
  std::uint64_t wall_ms = 0;
  BytesView value;
  const BlobRef* blob = nullptr;  // instead of a value
};

// A draft that says again what a record says, with its id.
RecordDraft draft_of(const RecordView& record, const BlobRef* blob);

// What makes a draft one that no reader refuses. Errors: the details for names, content types, attributes and
// values; limit for more than 1024 versions replaced; usage for one replaced twice.
[[nodiscard]] Result<void> check_draft(const RecordDraft& draft);

// Appends the record. Requires: check_draft said yes. `place` is used unless the draft keeps its id.
struct RecordPlace {
  DeviceId device;
  std::uint64_t seq;
  std::uint32_t index;
};
VersionId append_record(Secret& out, const RecordDraft& draft, const RecordPlace& place, const VersionCheckKey& key);

// Reads one record; fails the reader for one that breaks a rule.
RecordView read_record(ByteReader& in);

// Whether the check in the id is that of the record: so it is for every record that an honest device wrote.
bool check_is_right(const VersionCheckKey& key, const RecordView& record);

// The winner among heads: a put before a remove, then the greater clock, then the greater SHA-256 of the version id.
// The same on every device, whatever the order in which it learned of them.
struct Rank {
  Operation operation;
  std::uint64_t clock;
  VersionId id;
};
bool wins_over(const Rank& a, const Rank& b);

}  // namespace vault::crypto
