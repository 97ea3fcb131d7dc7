// SPDX-License-Identifier: Apache-2.0
// Holds the rows of a database file by key, as they are in the file, and checks how commits and keyring versions follow
// each other in clear. For checks of a file before LMDB may open it: needs no key, believes nothing. Views of the file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/head.hpp"
#include "store/pages.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"
#include "wire/keyring_header.hpp"

namespace vault::daemon {

struct DiskRows {
  using Texts = std::map<std::string, BytesView, std::less<>>;
  Texts meta, local;
  std::map<std::uint32_t, BytesView> keyrings, inbox;
  std::map<store::Place, BytesView> chains, adrift, jumps;
  std::map<DeviceId, BytesView> heads, formers;
  std::map<store::ProofPlace, BytesView> proofs;
  std::map<BlobId, BytesView> blobs;
  bool formed = true;  // each key and value has the size of its type, within its table's limits

  void take(std::string_view table, BytesView key, BytesView value);
};

std::optional<std::uint64_t> number_in(const DiskRows& rows, std::string_view name);  // of `meta`
Head head_in(const DiskRows& rows, const DeviceId& device);                           // seq 0: none

// Holds what the header, hash and place of a commit say.
struct Link {
  wire::CommitHeader header;
  Hash hash;
  std::uint64_t counter_end() const { return header.counter + header.segments; }
};
std::optional<Link> link_of(const VaultId& vault, const store::Place& place, BytesView commit);

// True if `link` is the next commit of its chain after `before`; without `before`, if it may be the first.
bool follows(const std::optional<Link>& before, const Link& link);

// Holds the public part of a version that is whole and signed with its own password.
struct OpenVersion {
  wire::KeyringHeader header;
  Hash hash;
};
std::optional<OpenVersion> version_of(BytesView keyring);
bool follows(const std::optional<OpenVersion>& before, const OpenVersion& version);

}  // namespace vault::daemon
