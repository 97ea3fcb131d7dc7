// SPDX-License-Identifier: Apache-2.0
#include "crypto/blob.hpp"

#include <bit>

#include "crypto/fresh.hpp"
#include "crypto/key_access.hpp"
#include "crypto/seal.hpp"

namespace vault::crypto {
namespace {

// Hashes an inner node. The prefix of RFC 9162 §2.1.1 keeps leaves and nodes apart.
Hash node(const Hash& left, const Hash& right) {
  const std::uint8_t prefix = 1;
  return sha256(BytesView{&prefix, 1}, left.view(), right.view());
}

Hash root_of(std::span<const Hash> leaves) {
  TreeHash out;
  for (const auto& leaf : leaves) out.add(leaf);
  return out.root();
}

Bytes chunk_hdr0(const BlobPlace& place) {
  ByteWriter out;
  layout::put_common(out, place.suite, Kind::blob_chunk, place.vault, place.device, place.index);
  out.fixed(place.blob).u64(place.index).u64(place.count);
  return out.take();
}

// Returns the bytes of data in chunk `index`: chunk_bytes, or the rest of the value in the last chunk.
std::size_t data_size(std::uint64_t length, std::uint64_t index) {
  VAULT_ASSERT(index < chunk_count(length));
  return static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, length - index * chunk_bytes));
}

std::size_t plaintext_size(std::size_t data) { return data == chunk_bytes ? chunk_bytes : padded(data); }

bool is_at(BytesView sealed, const BlobPlace& place) {
  if (sealed.size() < layout::blob_chunk_hdr0) return false;
  auto expected = place;
  expected.suite = sealed[layout::suite];
  expected.device = DeviceId::from(sealed.subspan(layout::device_id, DeviceId::size));
  auto hdr0 = chunk_hdr0(expected);
  std::ranges::copy(sealed.subspan(layout::segments, 8), hdr0.begin() + layout::segments);
  return std::ranges::equal(sealed.first(hdr0.size()), hdr0);
}

}  // namespace

BlobId new_blob_id() { return BlobId::from(random_bytes().view().first(BlobId::size)); }
BlobKey new_blob_key() { return KeyAccess::make<BlobKey>(random_bytes()); }

std::uint64_t chunk_count(std::uint64_t length) { return length / chunk_bytes + (length % chunk_bytes != 0 ? 1 : 0); }

std::size_t sealed_chunk_size(std::uint64_t length, std::uint64_t index) {
  return sealed_size(layout::blob_chunk_hdr0, plaintext_size(data_size(length, index)), 0);
}

Sealed seal_chunk(const BlobKey& key, const BlobPlace& place, BytesView data) {
  VAULT_ASSERT(!data.empty() && data.size() <= chunk_bytes && place.index < place.count);
  VAULT_ASSERT(data.size() == chunk_bytes || place.index + 1 == place.count);
  auto plaintext = Secret::copy_of(data);
  plaintext.resize(plaintext_size(data.size()));  // padded with zeros
  return seal<Kind::blob_chunk>(key, chunk_hdr0(place), std::move(plaintext));
}

Result<Secret> open_chunk(const BlobKey& key, const BlobPlace& place, BytesView sealed, std::size_t size) {
  if (!is_at(sealed, place)) return Errc::tamper;
  auto plaintext = open(key, sealed, layout::blob_chunk_hdr0);
  if (!plaintext) return plaintext;
  if (size == 0 || size > chunk_bytes || plaintext->size() != plaintext_size(size)) return Errc::tamper;
  if (std::ranges::any_of(plaintext->view().subspan(size), [](auto b) { return b != 0; })) return Errc::tamper;
  plaintext->resize(size);
  return plaintext;
}

Hash TreeHash::leaf(BytesView sealed_chunk) {
  const std::uint8_t prefix = 0;
  return sha256(BytesView{&prefix, 1}, sealed_chunk);
}

void TreeHash::add(const Hash& leaf) {
  auto top = leaf;
  for (auto full = leaves_; (full & 1) != 0; full >>= 1) {
    top = node(peaks_.back(), top);
    peaks_.pop_back();
  }
  peaks_.push_back(top);
  ++leaves_;
}

Hash TreeHash::root() const {
  VAULT_ASSERT(leaves_ > 0);
  auto out = peaks_.back();
  for (auto i = peaks_.size() - 1; i-- > 0;) out = node(peaks_[i], out);
  return out;
}

bool tree_contains(const Hash& leaf, std::uint64_t index, std::uint64_t count, std::span<const Hash> path,
                   const Hash& root) {
  if (index >= count) return false;
  auto last = count - 1;
  auto hash = leaf;
  for (const auto& sibling : path) {
    if (last == 0) return false;
    if ((index & 1) != 0 || index == last) {
      hash = node(sibling, hash);
      while ((index & 1) == 0 && index != 0) index >>= 1, last >>= 1;
    } else {
      hash = node(hash, sibling);
    }
    index >>= 1, last >>= 1;
  }
  return last == 0 && hash == root;
}

std::vector<Hash> tree_path(std::span<const Hash> leaves, std::uint64_t index) {
  VAULT_ASSERT(index < leaves.size());
  std::vector<Hash> out;
  while (leaves.size() > 1) {
    const auto half = std::bit_floor(leaves.size() - 1);
    const bool is_left = index < half;
    out.push_back(root_of(is_left ? leaves.subspan(half) : leaves.first(half)));
    leaves = is_left ? leaves.first(half) : leaves.subspan(half);
    if (!is_left) index -= half;
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace vault::crypto
