// SPDX-License-Identifier: Apache-2.0
// The paths of large values: /v1/blob/ID for the hashes of its chunks, /v1/blob/ID/INDEX for one of them. One blob or
// chunk has one spelling. wire/PROTOCOL.md §1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace vault::wire {

struct BlobPath {
  BlobId blob;
  std::optional<std::uint64_t> index;  // of a chunk, below limits::blob_chunks; none: of the hashes
  bool operator==(const BlobPath&) const = default;
};

std::string to_path(const BlobPath& path);
std::optional<BlobPath> parse_blob_path(std::string_view path);

}  // namespace vault::wire
