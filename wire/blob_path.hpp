// SPDX-License-Identifier: Apache-2.0
// Writes and reads the paths of large values: /v1/blob/ID for the hashes of a value's chunks, /v1/blob/ID/INDEX for one
// chunk. Each has exactly one spelling. wire/PROTOCOL.md §1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace vault::wire {

struct BlobPath {
  BlobId blob;
  std::optional<std::uint64_t> index;  // of a chunk, below limits::blob_chunks; empty for the hashes
  bool operator==(const BlobPath&) const = default;
};

std::string to_path(const BlobPath& path);
std::optional<BlobPath> parse_blob_path(std::string_view path);

}  // namespace vault::wire
