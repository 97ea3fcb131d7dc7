// SPDX-License-Identifier: Apache-2.0
// Reads and writes the items of an unlocked vault.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// Says what a put keeps of the version that it replaces: of the winner, if it replaces several. See keep_of_replaced().
struct Keeps {
  bool content_type = false;
  bool attributes = false;
  std::map<std::string, std::optional<std::string>> patch;  // of the attributes kept; nullopt removes one
};

struct ItemWrite {
  crypto::Operation operation = crypto::Operation::put;
  std::string name;
  Secret value;
  std::shared_ptr<const crypto::BlobRef> blob = nullptr;  // a large value, instead of `value`
  bool fresh_blob = false;                                // the server does not have it
  std::string content_type;
  std::map<std::string, std::string> attributes;
  Keeps keeps;
  std::optional<std::vector<VersionId>> replaces;  // the item's heads, if they were looked up with what it keeps
  bool if_absent = false;                          // only if the item does not exist
  std::optional<VersionId> if_version;             // only if this is the one head
  std::optional<std::vector<VersionId>> if_heads;  // only if these are the heads; ascending
};

// Says which write of several is refused, and the heads of its item if these are not those that it expects.
struct Refusal {
  std::size_t index = 0;
  std::string name;
  std::optional<std::vector<VersionId>> heads;
};

// Checks writes as write_items() does. Errors: as there, without those of the commit as a whole.
Result<void> check_items(const Unlocked& vault, const std::vector<ItemWrite>& writes, std::optional<Refusal>& refusal);

// Writes all in one commit, durable on return. Returns their version ids in order. Errors: the details for names,
// values and so on; item_not_found for a remove of an absent item, unless it names its heads; item_exists; conflict;
// storage. Sets `refusal` if one write is at fault. Its first step, up to the plan of the commit, is made at once: no
// other write comes in between. Requires: what the writes keep is filled in.
asio::awaitable<Result<std::vector<VersionId>>> write_items(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                            std::vector<ItemWrite> writes,
                                                            std::optional<Refusal>& refusal);

using FreshBlobs = std::vector<std::pair<BlobId, store::BlobRow>>;

// Writes the drafts in one commit, durable on return. Returns their version ids in order, new or kept. `blobs` are
// those that the server does not have. Requires: what the drafts point to lives until then. Errors: those of
// encode_data; storage.
asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts);
asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts,
                                                               FreshBlobs blobs);

struct ItemValue {
  Secret value;
  std::shared_ptr<const crypto::BlobRef> blob;  // instead of `value`
  std::string content_type;
  std::map<std::string, std::string> attributes;
};

// Returns the values of versions in the index, in order. Reads them on the reader's thread, since that may wait for the
// disk. Each may be an error: storage if the database cannot give it back.
asio::awaitable<std::vector<Result<ItemValue>>> read_values(Threads& threads, std::shared_ptr<const store::Store> store,
                                                            std::shared_ptr<Unlocked> vault,
                                                            std::vector<Location> places);

// Returns the winner of an item that exists, or with `version` any version it ever had. Errors: item_not_found;
// version_unknown; version_is_remove.
Result<Version> find_version(const Unlocked& vault, std::string_view name, const std::optional<std::string>& version);

}  // namespace vault::daemon
