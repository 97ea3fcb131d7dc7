// SPDX-License-Identifier: Apache-2.0
#include "crypto/sealer.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/seams.hpp"
#include "crypto/segments.hpp"
#include "crypto/suite.hpp"

namespace vault::crypto {
namespace {

using layout::commitment;
using layout::salt;
using layout::tag;
constexpr auto header_rest = salt + commitment;  // size of what follows hdr0 in a header

void put32(std::span<std::uint8_t> out, std::uint32_t v) { std::ranges::copy(be32(v), out.begin()); }

// Derives ek and ck. hdr0 goes in as a hash, since not every HKDF takes an info as long as a keyring's hdr0.
void derive_seal_keys(BytesView key, BytesView hdr0, BytesView salt_bytes, SealKeys& out) {
  hkdf_into(key, salt_bytes, info_of(label::seal, {sha256(hdr0).view()}), out.raw);
}

Hash make_salt(BytesView key, BytesView hdr0, BytesView plaintext) {
  const auto hedge = derive(key, label::hedge, {});
  std::array<std::uint8_t, 32> r{};
  seams::fill_random(r);
  const auto out = hmac_sha256(hedge.view(), BytesView{r}, hdr0, plaintext);
  wipe(r);
  return out;
}

bool has_zero_counter(Kind kind) { return !commit_kinds.has(kind) && kind != Kind::blob_chunk; }

// Returns the size of the plaintext by the lengths in the object, or 0 if they do not fit it.
std::size_t plaintext_size(BytesView object, std::size_t hdr0_size, std::size_t trailer_size) {
  const auto fixed = hdr0_size + header_rest + trailer_size;
  const auto n = layout::number_at(object, layout::segments, 4);
  if (object.size() <= fixed || layout::number_at(object, layout::total, 4) != object.size()) return 0;
  const auto body = object.size() - fixed;
  if (n == 0 || n > body / (tag + 1)) return 0;
  const auto size = body - n * tag;
  return segments_of(size) == n ? size : 0;
}

Opening check_common(BytesView object, Kinds kinds) {
  if (object.size() < layout::common || !std::ranges::equal(object.first(4), layout::magic)) return Opening::malformed;
  if (object[4] != layout::format || !is_known_suite(object[layout::suite])) return Opening::outdated;
  const auto kind = static_cast<Kind>(object[layout::kind]);
  if (!kinds.has(kind) || object[layout::zero] != 0) return Opening::malformed;
  if (has_zero_counter(kind) && layout::number_at(object, layout::counter, 8) != 0) return Opening::malformed;
  return Opening::opened;
}

void check_to_seal(BytesView hdr0) {
  VAULT_ASSERT(hdr0.size() >= layout::common && std::ranges::equal(hdr0.first(4), layout::magic));
  VAULT_ASSERT(hdr0[4] == layout::format && is_known_suite(hdr0[layout::suite]) && hdr0[layout::zero] == 0);
  const auto kind = static_cast<Kind>(hdr0[layout::kind]);
  const auto counter = layout::number_at(hdr0, layout::counter, 8);
  VAULT_ASSERT(!has_zero_counter(kind) || counter == 0);
  VAULT_ASSERT(!commit_kinds.has(kind) ||
               counter + layout::number_at(hdr0, layout::segments, 4) <= limits::counter_end);
}

}  // namespace

std::size_t sealed_size(std::size_t hdr0, std::size_t plaintext, std::size_t trailer) {
  return hdr0 + header_rest + plaintext + segments_of(plaintext) * tag + trailer;
}

void fill_lengths(Bytes& hdr0, std::size_t plaintext, std::size_t trailer) {
  const auto total = sealed_size(hdr0.size(), plaintext, trailer);
  VAULT_ASSERT(plaintext > 0 && total <= UINT32_MAX);
  put32(std::span{hdr0}.subspan(layout::segments), segments_of(plaintext));
  put32(std::span{hdr0}.subspan(layout::total), static_cast<std::uint32_t>(total));
}

Sealed Sealer::seal(BytesView key, Bytes hdr0, Secret plaintext, std::size_t trailer_size, const Trailer& trailer) {
  fill_lengths(hdr0, plaintext.size(), trailer_size);
  check_to_seal(hdr0);
  Bytes out;
  out.reserve(sealed_size(hdr0.size(), plaintext.size(), trailer_size));
  out = hdr0;
  const auto salt_bytes = make_salt(key, hdr0, plaintext.view());
  SealKeys keys;
  derive_seal_keys(key, hdr0, salt_bytes.view(), keys);
  out.insert(out.end(), salt_bytes.raw.begin(), salt_bytes.raw.end());
  out.insert(out.end(), keys.ck().begin(), keys.ck().end());
  const auto header = Bytes{out};
  seal_segments(keys, header, plaintext.view(), key, out);
  const auto before = out.size();
  out.resize(before + trailer_size);
  if (trailer) trailer(BytesView{out}.first(before), std::span{out}.subspan(before));
  return Sealed{std::move(out)};
}

Opened Sealer::open(BytesView key, Kinds kinds, BytesView object, std::size_t hdr0_size, std::size_t trailer_size) {
  VAULT_ASSERT(hdr0_size >= layout::common);
  if (const auto common = check_common(object, kinds); common != Opening::opened) return {common, {}};
  const auto size = plaintext_size(object, hdr0_size, trailer_size);
  if (size == 0) return {Opening::malformed, {}};
  const auto hdr0 = object.first(hdr0_size);
  const auto header = object.first(hdr0_size + header_rest);
  SealKeys keys;
  derive_seal_keys(key, hdr0, header.subspan(hdr0_size, salt), keys);
  if (!constant_time_equal(keys.ck(), header.last(commitment))) return {Opening::other_key, {}};
  Secret plaintext{size};
  const auto sealed = object.subspan(header.size(), size + segments_of(size) * tag);
  if (!open_segments(keys, header, sealed, plaintext)) return {Opening::not_authentic, {}};
  return {Opening::opened, std::move(plaintext)};
}

}  // namespace vault::crypto
