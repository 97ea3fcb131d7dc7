// SPDX-License-Identifier: Apache-2.0
// Chooses which rows of a damaged database are kept. For salvage.cpp.
#pragma once

#include <set>
#include <vector>

#include "daemon/salvage/disk_check.hpp"

namespace vault::daemon {

// Holds all rows that look like a table's, whether they are in it or not.
struct Strewn {
  std::multimap<store::Place, BytesView> commits;
  std::multimap<std::uint32_t, BytesView> keyrings;
  std::map<std::string, std::vector<BytesView>, std::less<>> named;  // of `meta` and `local`
  std::vector<BytesView> doubtful_profiles;                          // with a wrong check
  std::map<DeviceId, BytesView> formers;
  std::map<BlobId, BytesView> blobs;
};
Strewn strewn_in(const store::Pages& pages);

struct KeptChain {
  std::map<std::uint64_t, BytesView> rows;  // from 1, each after the other
  Head head;                                // verified; seq 0: unknown
  Head lost;                                // was verified, and is not here
};

struct Kept {
  Profile profile;
  std::map<std::uint32_t, BytesView> keyrings, inbox;
  std::map<DeviceId, KeptChain> chains;
  std::map<store::Place, BytesView> adrift;  // own commits above the end of the own chain
  DiskRows::Texts meta, local;
  std::map<DeviceId, BytesView> formers;
  std::map<store::ProofPlace, BytesView> proofs;
  std::map<BlobId, BytesView> blobs;
  std::set<std::uint64_t> lost;  // own seqs that the server had not acknowledged
  std::uint64_t acked = 0, counter = 0;
  bool heads_lacking = false;  // a chain without a head may have had one
};

// Chooses the rows. `reached` is how far the own chain may have come, as others say. Errors: store_damaged.
Result<Kept> choose(store::Pages& pages, std::uint64_t reached);

// Keeps no chain of another device: the server has them.
void forget_others(Kept& kept);

}  // namespace vault::daemon
