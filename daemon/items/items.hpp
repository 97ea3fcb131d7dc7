// SPDX-License-Identifier: Apache-2.0
// Reading and writing the items of an unlocked vault.
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

struct ItemWrite {
  crypto::Operation operation = crypto::Operation::put;
  std::string name;
  Secret value;
  std::shared_ptr<const crypto::BlobRef> blob = nullptr;  // instead of the value, when that is a large one
  bool fresh_blob = false;                                // the server has not got it
  std::string content_type;
  std::map<std::string, std::string> attributes;
  std::optional<VersionId> if_version;             // only if this is the one head
  std::optional<std::vector<VersionId>> if_heads;  // only if these are the heads; ascending
};

// The item whose heads a write found to be others than it expects, with those.
struct Clash {
  std::string name;
  std::vector<VersionId> heads;
};

// All writes in one commit, durable when it returns; their version ids in order. Errors: the details for names,
// values and so on; item_not_found for a remove of what is not there, unless it names its heads; conflict, with `clash`
// set; storage.
asio::awaitable<Result<std::vector<VersionId>>> write_items(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                            std::vector<ItemWrite> writes, std::optional<Clash>& clash);

using FreshBlobs = std::vector<std::pair<BlobId, store::BlobRow>>;

// The drafts in one commit, durable when it returns; their version ids in order, made or kept. Requires: what they
// point to lives until then. `blobs` are those of them that the server has not got. Errors: those of encode_data;
// storage.
asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts);
asio::awaitable<Result<std::vector<VersionId>>> append_records(std::shared_ptr<Unlocked> vault, Writer& writer,
                                                               std::vector<crypto::RecordDraft> drafts,
                                                               FreshBlobs blobs);

struct ItemValue {
  Secret value;
  std::shared_ptr<const crypto::BlobRef> blob;  // instead of it
  std::string content_type;
  std::map<std::string, std::string> attributes;
};

// The values of versions that are in the index, read on the reader's thread, since that may wait for the disk; in
// order. Those that cannot be read are errors: storage when the database does not give them back.
asio::awaitable<std::vector<Result<ItemValue>>> read_values(Threads& threads, std::shared_ptr<const store::Store> store,
                                                            std::shared_ptr<Unlocked> vault,
                                                            std::vector<Location> places);

// An item that exists, or item_not_found; with `version`, any version of it that ever was,
// or version_unknown; version_is_remove.
Result<Version> find_version(const Unlocked& vault, std::string_view name, const std::optional<std::string>& version);

}  // namespace vault::daemon
