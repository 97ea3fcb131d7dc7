// SPDX-License-Identifier: Apache-2.0
#include "wire/blob_path.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "base/limits.hpp"

namespace vault::wire {
namespace {

constexpr std::string_view prefix = "/v1/blob/";
constexpr std::size_t id_digits = 2 * BlobId::size;

std::optional<std::uint64_t> parse_index(std::string_view digits) {
  if (digits.empty() || (digits.front() == '0' && digits.size() > 1)) return std::nullopt;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc{} || end != digits.data() + digits.size() || index >= limits::blob_chunks) return std::nullopt;
  return index;
}

}  // namespace

std::string to_path(const BlobPath& path) {
  auto out = std::string{prefix} + hex(path.blob);
  if (path.index) out += '/' + std::to_string(*path.index);
  return out;
}

std::optional<BlobPath> parse_blob_path(std::string_view path) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  const auto blob = unhex_fixed<BlobId>(path.substr(0, id_digits));
  if (!blob) return std::nullopt;
  path.remove_prefix(id_digits);
  if (path.empty()) return BlobPath{*blob, std::nullopt};
  if (path.front() != '/') return std::nullopt;
  const auto index = parse_index(path.substr(1));
  if (!index) return std::nullopt;
  return BlobPath{*blob, index};
}

}  // namespace vault::wire
