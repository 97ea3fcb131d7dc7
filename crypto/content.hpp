// SPDX-License-Identifier: Apache-2.0
// The plaintext of commits: a seen vector, and a body by kind. crypto/FORMAT.md §6.
#pragma once

#include <map>

#include "base/head.hpp"
#include "crypto/layout.hpp"
#include "crypto/record.hpp"

namespace vault::crypto {

// The heads of other chains that a writer had verified. Ascending, as it is encoded.
using SeenVector = std::map<DeviceId, Head>;

// The body of a base commit.
struct BaseStart {
  std::uint64_t seq = 0;  // N: a reader may start here
  Hash before;            // of the own commit N - 1
  bool operator==(const BaseStart&) const = default;
};

struct Content {
  SeenVector seen;
  std::vector<RecordView> records;  // of a data commit; they point into the bytes that were decoded
  BaseStart base;                   // of a base commit
};

Bytes encode_seen(const SeenVector& seen);

// A seen vector alone: what opens the content of an epoch commit. `own` is the device whose commit it is.
[[nodiscard]] Result<SeenVector> decode_seen(BytesView bytes, const DeviceId& own);

struct EncodedData {
  Secret content;
  std::vector<VersionId> ids;  // of the drafts, in their order
};

// The content of a data commit: the drafts become records 0, 1, … of commit `seq` of `device`. Errors: those of
// check_draft; batch_too_large for none, more than 1000, or more than limits::commit_plain_bytes in all.
[[nodiscard]] Result<EncodedData> encode_data(const SeenVector& seen, std::span<const RecordDraft> drafts,
                                              const DeviceId& device, std::uint64_t seq, const VersionCheckKey& key);

// An ack or a checkpoint has a seen vector and nothing else; a base has where to start.
Secret encode_ack(const SeenVector& seen);
Secret encode_base(const SeenVector& seen, const BaseStart& base);

// Decodes the content of a data, ack, checkpoint or base commit of `own`. `content` must outlive the records. The
// checks in the version ids are verified with `checks`; nullptr for content that was accepted before. Errors: tamper.
[[nodiscard]] Result<Content> decode_content(Kind kind, BytesView content, const DeviceId& own,
                                             const VersionCheckKey* checks);

}  // namespace vault::crypto
