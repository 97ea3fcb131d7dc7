// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes one write of an item, as it stands in the content of a data commit: crypto/FORMAT.md §6. Readers
// get a RecordView, which points into the opened content and lives as long as that. Writers give a RecordDraft.
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

// Refers to a value above 64 KiB, which is stored outside the record: crypto/blob.hpp.
struct BlobRef {
  static constexpr std::size_t size = 16 + 32 + 8 + 32;  // bytes in a record
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
  BytesView value;  // empty for a blob and for a remove
  BytesView blob;   // an encoded BlobRef; empty for an inline value and for a remove
  BytesView rest;   // the whole record behind its version id

  bool is_blob() const { return !blob.empty(); }
  // Requires: is_blob().
  BlobRef blob_ref() const;
  // Returns the bytes of the value, wherever it is stored.
  std::uint64_t length() const;
};

struct RecordDraft {
  std::optional<VersionId> kept_id;  // set for a write that is sealed again; otherwise the id is made from the place
  Operation operation = Operation::put;
  std::string_view name;
  std::string_view content_type;
  std::vector<Attribute> attributes;  // any order
  std::vector<VersionId> replaces;    // any order
  std::uint64_t clock = 0;
  std::uint64_t wall_ms = 0;
  BytesView value;
  const BlobRef* blob = nullptr;  // set instead of `value`
};

// Returns a draft that repeats `record`, with its version id.
RecordDraft draft_of(const RecordView& record, const BlobRef* blob);

// Checks that no reader will refuse the draft. Errors: the details for names, content types, attributes and values;
// limit for more than 1024 replaced versions; usage for a version that is replaced twice, or a remove with type or
// attributes.
[[nodiscard]] Result<void> check_draft(const RecordDraft& draft);

// Names the place of a record in its chain: commit `seq` of `device`, record `index` in it.
struct RecordPlace {
  DeviceId device;
  std::uint64_t seq;
  std::uint32_t index;
};
// Appends the record and returns its version id, which is made from `place` unless the draft keeps its own. Requires:
// check_draft accepted the draft.
VersionId append_record(Secret& out, const RecordDraft& draft, const RecordPlace& place, const VersionCheckKey& key);

// Reads one record. Fails `in` if the record breaks a rule.
RecordView read_record(ByteReader& in);

// True if the check in the record's id is right, as it is for every record that an honest device wrote.
bool check_is_right(const VersionCheckKey& key, const RecordView& record);

// True if `a` wins over `b` as the current version of an item: a put before a remove, then the greater clock, then the
// greater SHA-256 of the version id. Every device finds the same winner, in whatever order it learned of the versions.
struct Rank {
  Operation operation;
  std::uint64_t clock;
  VersionId id;
};
bool wins_over(const Rank& a, const Rank& b);

}  // namespace vault::crypto
