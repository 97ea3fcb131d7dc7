// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/disk_rows.hpp"

#include "crypto/keyring_trailer.hpp"
#include "crypto/verify.hpp"
#include "store/row_check.hpp"

namespace vault::daemon {
namespace {

// Puts the row in its map if it has the form of the table. True if it has.
template <class K, class V, class Map>
bool put(const store::Table<K, V>& table, Map& map, BytesView key, BytesView value) {
  auto name = store::decode<K>(key);
  const auto good = store::without_row_check(table.id, key, value);
  const bool fits = name && good && store::decode<V>(*good).has_value();
  if (fits) map.insert_or_assign(std::move(*name), *good);
  return fits;
}

}  // namespace

void DiskRows::take(std::string_view table, BytesView key, BytesView value) {
  const auto is = [table](const auto& known) { return table == known.id.name; };
  bool fits = true;
  const bool schema = is(store::meta) && text_of(key) == "schema";
  if (is(store::meta)) fits = put(schema ? store::meta : store::named, meta, key, value);
  else if (is(store::local)) fits = put(store::local, local, key, value);
  else if (is(store::keyrings)) fits = put(store::keyrings, keyrings, key, value);
  else if (is(store::inbox_keyrings)) fits = put(store::inbox_keyrings, inbox, key, value);
  else if (is(store::chains)) fits = put(store::chains, chains, key, value);
  else if (is(store::adrift)) fits = put(store::adrift, adrift, key, value);
  else if (is(store::heads)) fits = put(store::heads, heads, key, value);
  else if (is(store::formers)) fits = put(store::formers, formers, key, value);
  else if (is(store::proofs)) fits = put(store::proofs, proofs, key, value);
  else if (is(store::jumps)) fits = put(store::jumps, jumps, key, value);
  else if (is(store::blobs)) fits = put(store::blobs, blobs, key, value);
  formed = formed && fits;  // pages of the index are checked when they are opened
}

std::optional<std::uint64_t> number_in(const DiskRows& rows, std::string_view name) {
  const auto at = rows.meta.find(name);
  if (at == rows.meta.end() || at->second.size() != 8) return std::nullopt;
  return ByteReader{at->second}.u64();
}

Head head_in(const DiskRows& rows, const DeviceId& device) {
  const auto at = rows.heads.find(device);
  return at != rows.heads.end() ? *store::decode<Head>(at->second) : Head{};
}

std::optional<Link> link_of(const VaultId& vault, const store::Place& place, BytesView commit) {
  auto header = wire::decode_commit_header(commit);
  if (!header || header->vault != vault || header->device != place.device || header->seq != place.seq)
    return std::nullopt;
  return Link{std::move(*header), crypto::commit_hash(commit)};
}

bool follows(const std::optional<Link>& before, const Link& link) {
  if (!before)  // what it names is a version of the keyring
    return link.header.seq == 1 || (link.header.kind == wire::CommitKind::jump && link.header.after.seq == 0);
  const auto& next = link.header;
  const auto last = before->header.seq;
  const bool over = next.kind == wire::CommitKind::jump && next.seq > last + 1 && next.after.seq <= last;
  if (over) return next.after.seq < last || next.after.hash == before->hash;
  return next.seq == last + 1 && next.prev == before->hash;
}

std::optional<OpenVersion> version_of(BytesView keyring) {
  auto decoded = wire::decode_keyring_header(keyring);
  if (!decoded) return std::nullopt;
  const auto trailer = crypto::keyring_trailer(keyring, decoded->size);
  if (!trailer) return std::nullopt;
  const auto& own = trailer->signatures.front().signature;
  if (!crypto::verify_keyring_signature(decoded->header.auth, keyring.first(trailer->signed_size), own))
    return std::nullopt;
  return OpenVersion{std::move(decoded->header), crypto::keyring_hash(keyring)};
}

bool follows(const std::optional<OpenVersion>& before, const OpenVersion& version) {
  if (!before) return version.header.version == 1;
  return version.header.version == before->header.version + 1 && version.header.prev == before->hash &&
         version.header.vault == before->header.vault && version.header.account == before->header.account;
}

}  // namespace vault::daemon
