// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the plaintext of commits: a seen vector, then a body by kind. crypto/FORMAT.md §6.
#pragma once

#include <map>

#include "base/head.hpp"
#include "crypto/layout.hpp"
#include "crypto/record.hpp"

namespace vault::crypto {

// Holds the heads of other chains that a writer had verified, in ascending order as they are encoded.
using SeenVector = std::map<DeviceId, Head>;

// Holds the body of a base commit.
struct BaseStart {
  std::uint64_t seq = 0;  // N: a reader may start with this commit
  Hash before;            // hash of the own commit N - 1
  bool operator==(const BaseStart&) const = default;
};

struct Content {
  SeenVector seen;
  std::vector<RecordView> records;  // of a data commit; they point into the decoded bytes
  BaseStart base;                   // of a base commit
};

Bytes encode_seen(const SeenVector& seen);

// Decodes a seen vector alone, as the content of an epoch commit begins with it. `own` is the device whose commit it
// is.
[[nodiscard]] Result<SeenVector> decode_seen(BytesView bytes, const DeviceId& own);

struct EncodedData {
  Secret content;
  std::vector<VersionId> ids;  // one for each draft, in the same order
};

// Encodes the content of a data commit: the drafts become records 0, 1, … of commit `seq` of `device`. Errors: those of
// check_draft; batch_too_large for no draft, for more than 1000, or for more than limits::commit_plain_bytes in all.
[[nodiscard]] Result<EncodedData> encode_data(const SeenVector& seen, std::span<const RecordDraft> drafts,
                                              const DeviceId& device, std::uint64_t seq, const VersionCheckKey& key);

// Encodes the content of an ack or a checkpoint, a seen vector alone, or of a base, which adds where to start.
Secret encode_ack(const SeenVector& seen);
Secret encode_base(const SeenVector& seen, const BaseStart& base);

// Decodes the content of a data, ack, checkpoint or base commit of `own`. Requires: `content` outlives the records.
// Verifies the checks in the version ids with `checks`; pass nullptr for content that was accepted before. Errors:
// tamper.
[[nodiscard]] Result<Content> decode_content(Kind kind, BytesView content, const DeviceId& own,
                                             const VersionCheckKey* checks);

}  // namespace vault::crypto
