// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/salvage_choice.hpp"

#include <algorithm>

#include "crypto/local.hpp"
#include "crypto/sign.hpp"
#include "crypto/verify.hpp"
#include "daemon/keyring/keychain.hpp"
#include "store/errc.hpp"
#include "store/row_check.hpp"
#include "wire/origin.hpp"

namespace vault::daemon {
namespace {

constexpr std::uint64_t most_lost = 100'000;  // own commits that are named as lost, whatever an anchor claims

// Holds a well-formed commit of one device. Candidates are ordered by seq; those of the newest transaction come first.
struct Candidate {
  Link link;
  BytesView bytes;
};
using Candidates = std::map<std::uint64_t, std::vector<Candidate>>;

void add(Candidates& out, const VaultId& vault, const store::Place& place, BytesView commit) {
  auto link = link_of(vault, place, commit);
  auto& same = out[place.seq];
  if (link && std::ranges::none_of(same, [&link](const auto& one) { return one.link.hash == link->hash; }))
    same.push_back({std::move(*link), commit});
  if (same.empty()) out.erase(place.seq);
}

std::map<DeviceId, Candidates> candidates_of(const VaultId& vault, const DiskRows& rows, const Strewn& strewn) {
  std::map<DeviceId, Candidates> out;
  for (const auto& [place, commit] : rows.chains) add(out[place.device], vault, place, commit);
  for (const auto& [place, commit] : rows.adrift) add(out[place.device], vault, place, commit);
  for (const auto& [place, commit] : strewn.commits) add(out[place.device], vault, place, commit);
  return out;
}

const Candidates& at(const std::map<DeviceId, Candidates>& all, const DeviceId& device) {
  static const Candidates none;
  const auto found = all.find(device);
  return found != all.end() ? found->second : none;
}

// Returns the hashes that a verified head implies: its own, that of the commit before, and so on while they are here.
std::set<Hash> named_by(const Head& head, const Candidates& all) {
  std::set<Hash> named;
  auto hash = head.hash;
  for (auto seq = head.seq; seq > 0; --seq) {
    const auto at = all.find(seq);
    if (at == all.end()) break;
    const auto one = std::ranges::find(at->second, hash, [](const auto& c) { return c.link.hash; });
    if (one == at->second.end()) break;
    named.insert(hash);
    hash = one->link.header.prev;
    if (one->link.header.kind != wire::CommitKind::jump || all.contains(seq - 1)) continue;
    hash = one->link.header.after.hash;
    seq = one->link.header.after.seq + 1;
  }
  return named;
}

// Returns the chain from its first commit to the last that follows.
std::vector<Candidate> chain_of(const Candidates& all, const Head& head) {
  const auto named = named_by(head, all);
  std::vector<Candidate> chain;
  std::optional<Link> last;
  for (const auto& [seq, same] : all) {
    const Candidate* next = nullptr;
    for (const auto& one : same)
      if (follows(last, one.link) && (next == nullptr || named.contains(one.link.hash))) next = &one;
    if (next == nullptr) continue;  // a jump may lie beyond
    chain.push_back(*next);
    last = next->link;
  }
  return chain;
}

KeptChain keep_chain(const Candidates& all, const Head& head, const wire::PublicDevice* device, bool own) {
  KeptChain out;
  auto chain = chain_of(all, head);
  const auto is_head = [&head](const Candidate& one) { return Head{one.link.header.seq, one.link.hash} == head; };
  const bool named = std::ranges::any_of(chain, is_head);
  while (device != nullptr && !chain.empty() && !crypto::verify_commit_signature(device->sig, chain.back().bytes))
    chain.pop_back();  // it follows, but no signature of its device covers it
  for (const auto& one : chain) out.rows[one.link.header.seq] = one.bytes;
  const auto end = chain.empty() ? Head{} : Head{chain.back().link.header.seq, chain.back().link.hash};
  const bool whole = head.seq > 0 && std::ranges::any_of(chain, is_head);
  if (own) out.head = end;
  else if (whole) out.head = head;
  else if (head.seq > end.seq) out.head = end;  // else nobody knows how far it was verified: what is here waits
  if (!whole) out.lost = head.seq > end.seq ? head : end;
  if (!whole && named) out.lost.hash = {};  // the commit with that hash is damaged
  if (!whole && own) out.lost.seq = std::max(out.lost.seq, end.seq + 1);
  return out;
}

// Returns the longest history of versions from the first on, each signed by whoever had the password before it.
std::map<std::uint32_t, BytesView> keep_keyrings(const DiskRows& rows, const Strewn& strewn) {
  std::multimap<std::uint32_t, Sealed> all;
  std::map<Hash, BytesView> views;
  const auto add = [&](std::uint32_t number, BytesView bytes) {
    const auto version = version_of(bytes);
    if (!version || version->header.version != number || !views.emplace(version->hash, bytes).second) return;
    all.emplace(number, Sealed::from_untrusted(bytes));
  };
  for (const auto& [number, bytes] : rows.keyrings) add(number, bytes);
  for (const auto& [number, bytes] : strewn.keyrings) add(number, bytes);
  std::vector<std::vector<Sealed>> ways;
  for (auto [one, end] = all.equal_range(1); one != end; ++one) ways.push_back({one->second});
  std::vector<Sealed> longest;
  while (!ways.empty()) {
    const auto way = std::move(ways.back());
    ways.pop_back();
    if (way.size() >= longest.size()) longest = way;
    for (auto [next, end] = all.equal_range(static_cast<std::uint32_t>(way.size() + 1)); next != end; ++next)
      if (is_signed_successor(way.back(), next->second)) ways.emplace_back(way).push_back(next->second);
  }
  std::map<std::uint32_t, BytesView> out;
  for (const auto& version : longest)
    out[static_cast<std::uint32_t>(out.size() + 1)] = views.at(crypto::keyring_hash(version.view()));
  return out;
}

const std::vector<BytesView>& strewn_as(const Strewn& strewn, std::string_view name) {
  static const std::vector<BytesView> none;
  const auto at = strewn.named.find(name);
  return at != strewn.named.end() ? at->second : none;
}

// Corrects a profile by the keyring: account, vault, and the device that has the request key, if any has.
std::optional<Profile> mended(std::optional<Profile> profile, const wire::KeyringHeader& newest) {
  if (!profile || !wire::Origin::parse(profile->origin)) return std::nullopt;
  profile->account = newest.account;
  profile->vault = newest.vault;
  const auto net = crypto::RequestSigner::from_seed(profile->net).public_key();
  const auto owner = std::ranges::find(newest.devices, net, &wire::PublicDevice::net);
  if (owner != newest.devices.end()) profile->device = owner->id;
  return newest.find(profile->device) != nullptr ? std::move(profile) : std::nullopt;
}

std::optional<Profile> keep_profile(const DiskRows& rows, const Strewn& strewn, const wire::KeyringHeader& newest) {
  std::vector<BytesView> all;
  if (const auto at = rows.meta.find("profile"); at != rows.meta.end()) all.push_back(at->second);
  all.insert(all.end(), strewn_as(strewn, "profile").begin(), strewn_as(strewn, "profile").end());
  for (const bool has_former : {false, true})
    for (const auto& bytes : all)
      if (auto profile = parse_profile(bytes);
          profile && is_owner(rows, *profile, newest) && rows.formers.contains(profile->device) == has_former)
        return profile;
  all.insert(all.end(), strewn.doubtful_profiles.begin(), strewn.doubtful_profiles.end());
  for (const bool has_former : {false, true})
    for (const auto& bytes : all)
      if (auto profile = mended(parse_profile(bytes), newest);
          profile && rows.formers.contains(profile->device) == has_former)
        return profile;
  return std::nullopt;
}

BytesView keep_identity(const DiskRows& rows, const Strewn& strewn) {
  BytesView best;
  if (const auto at = rows.local.find("identity"); at != rows.local.end()) best = at->second;
  if (crypto::local_generation(best) != 0) return best;
  for (const auto& bytes : strewn_as(strewn, "identity"))
    if (crypto::local_generation(bytes) >= std::max(1u, crypto::local_generation(best))) best = bytes;
  return best;
}

// Keeps a keyring version that waits for the server together with what the device says of it, or neither.
void keep_pair(const DiskRows& rows, std::string_view said, std::string_view version, Kept& out) {
  const auto one = rows.meta.find(said);
  const auto other = rows.local.find(version);
  if (one == rows.meta.end() || other == rows.local.end() || !version_of(other->second)) return;
  out.meta[one->first] = one->second;
  out.local[other->first] = other->second;
}

// Keeps the key that verifies this device's commits: the one that has signed the last of them here.
void keep_self_key(const DiskRows& rows, const Strewn& strewn, Kept& out) {
  const auto& own = out.chains[out.profile.device].rows;
  std::vector<BytesView> all;
  if (const auto at = rows.meta.find("self_key"); at != rows.meta.end()) all.push_back(at->second);
  all.insert(all.end(), strewn_as(strewn, "self_key").begin(), strewn_as(strewn, "self_key").end());
  for (const auto& key : all)
    if (key.size() == SignKey::size && !own.empty() &&
        crypto::verify_commit_signature(SignKey::from(key), own.rbegin()->second)) {
      out.meta["self_key"] = key;
      return;
    }
}

void keep_small(const DiskRows& rows, const Strewn& strewn, const store::Pages& pages, Kept& out) {
  for (const auto name : {meta::last_success, meta::distrust, meta::unconfirmed, meta::heard, meta::confirmed,
                          meta::sheet, meta::last_ack, meta::enrolling, meta::lost})
    if (const auto at = rows.meta.find(name); at != rows.meta.end()) out.meta[at->first] = at->second;
  keep_pair(rows, "unsent_roll", "journal", out);
  keep_pair(rows, "unsent_change", "change", out);
  if (const auto identity = keep_identity(rows, strewn); !identity.empty()) out.local["identity"] = identity;
  out.inbox = rows.inbox;
  out.formers = rows.formers;
  out.proofs = rows.proofs;
  out.blobs = rows.blobs;
  if (pages.lacks(store::formers.id.name)) out.formers.insert(strewn.formers.begin(), strewn.formers.end());
  if (pages.lacks(store::blobs.id.name)) out.blobs.insert(strewn.blobs.begin(), strewn.blobs.end());
}

// Returns the seq that the server has acknowledged of the own chain, as far as anything here says so.
std::uint64_t acknowledged(const DiskRows& rows, const Strewn& strewn, std::uint64_t most) {
  if (const auto said = number_in(rows, meta::acked); said && *said <= most) return *said;
  std::uint64_t out = 0;
  for (const auto& bytes : strewn_as(strewn, meta::acked))
    if (const auto said = bytes.size() == 8 ? ByteReader{bytes}.u64() : 0; said <= most) out = std::max(out, said);
  return out;
}

// True if a later commit names it, or its device has signed it.
bool is_whole(const Candidate& one, const Candidates& all, const wire::PublicDevice* device) {
  if (device != nullptr && crypto::verify_commit_signature(device->sig, one.bytes)) return true;
  const auto next = all.find(one.link.header.seq + 1);
  return next != all.end() && std::ranges::any_of(next->second, [&one](const auto& after) {
           return after.link.header.prev == one.link.hash;
         });
}

void keep_own(const DiskRows& rows, const Strewn& strewn, const Candidates& all, const wire::PublicDevice* device,
              std::uint64_t reached, Kept& out) {
  const auto self = out.profile.device;
  const auto end = out.chains[self].head.seq;
  const auto named = named_by(head_in(rows, self), all);
  for (const auto& [seq, same] : all)
    for (const auto& one : same)
      if (seq > end && (named.contains(one.link.hash) || is_whole(one, all, device)))
        out.adrift[{self, seq}] = one.bytes;
  auto most = std::max(head_in(rows, self).seq, all.empty() ? 0 : all.rbegin()->first);
  if (reached <= most + most_lost) most = std::max(most, reached);
  const auto acked = acknowledged(rows, strewn, most);
  for (auto seq = std::max({acked, end, most > most_lost ? most - most_lost : 0}) + 1; seq <= most; ++seq)
    if (!out.adrift.contains({self, seq})) out.lost.insert(seq);
  out.acked = std::min(acked, end);
  out.counter = number_in(rows, meta::counter).value_or(0);
  for (const auto& [seq, same] : all)
    for (const auto& one : same) out.counter = std::max(out.counter, one.link.counter_end());
}

// Returns the value of a row that has the form of the table and a good check.
template <class K, class V>
std::optional<BytesView> whole_row(const store::Table<K, V>& table, BytesView key, BytesView stored) {
  const auto value = store::decode<K>(key) ? store::without_row_check(table.id, key, stored) : std::nullopt;
  return value && store::decode<V>(*value) ? value : std::nullopt;
}

// Takes a row that may be of `meta` or `local`, which it does not say. `identity` is of `local`; its seal is its check.
void take_named(std::string_view name, BytesView stored, Strewn& out) {
  const bool local = name == "identity";
  const auto value = local ? std::optional{stored} : store::without_row_check(store::named.id, bytes_of(name), stored);
  if (value) out.named[std::string{name}].push_back(*value);
  else if (name == "profile" && stored.size() > store::row_check_bytes)
    out.doubtful_profiles.push_back(stored.first(stored.size() - store::row_check_bytes));
}

}  // namespace

Strewn strewn_in(const store::Pages& pages) {
  static constexpr std::string_view names[] = {"profile", "identity", "self_key", meta::acked};
  Strewn out;
  pages.strewn([&out](BytesView key, BytesView value) {
    if (const auto place = store::decode<store::Place>(key); place) out.commits.emplace(*place, value);
    else if (key.size() == 4) out.keyrings.emplace(ByteReader{key}.u32(), value);
    else if (const auto former = whole_row(store::formers, key, value)) out.formers[DeviceId::from(key)] = *former;
    else if (const auto blob = whole_row(store::blobs, key, value)) out.blobs[BlobId::from(key)] = *blob;
    else if (std::ranges::find(names, text_of(key)) != std::end(names)) take_named(text_of(key), value, out);
  });
  return out;
}

Result<Kept> choose(store::Pages& pages, std::uint64_t reached) {
  DiskRows rows;
  pages.walk([&rows](std::string_view table, BytesView key, BytesView value) { rows.take(table, key, value); });
  const auto strewn = strewn_in(pages);
  Kept out;
  out.keyrings = keep_keyrings(rows, strewn);
  if (out.keyrings.empty()) return StoreErrc::store_damaged;
  const auto newest = version_of(out.keyrings.rbegin()->second)->header;
  auto profile = keep_profile(rows, strewn, newest);
  if (!profile) return StoreErrc::store_damaged;
  out.profile = std::move(*profile);
  const auto all = candidates_of(newest.vault, rows, strewn);
  std::set<DeviceId> devices{out.profile.device};
  for (const auto& device : newest.devices) devices.insert(device.id);
  for (const auto& device : devices)
    out.chains[device] =
        keep_chain(at(all, device), head_in(rows, device), newest.find(device), device == out.profile.device);
  out.heads_lacking = pages.lacks(store::heads.id.name) || pages.lacks(store::chains.id.name) || !rows.formed;
  keep_small(rows, strewn, pages, out);
  keep_own(rows, strewn, at(all, out.profile.device), newest.find(out.profile.device), reached, out);
  keep_self_key(rows, strewn, out);
  return out;
}

void forget_others(Kept& kept) {
  kept.heads_lacking = true;
  for (auto& [device, chain] : kept.chains) {
    if (device == kept.profile.device) continue;
    if (chain.lost.seq == 0) chain.lost = chain.head;
    if (chain.lost.seq == 0 && !chain.rows.empty()) chain.lost.seq = 1;
    chain.lost.hash = {};
    chain.rows.clear();
    chain.head = {};
  }
}

}  // namespace vault::daemon
