// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/disk_check.hpp"

#include <algorithm>

#include "crypto/sign.hpp"
#include "crypto/verify.hpp"

namespace vault::daemon {
namespace {

using Fault = std::string_view;

// Holds what many rules need.
struct Known {
  const DiskRows& rows;
  Profile profile;
  wire::KeyringHeader newest;  // of the keyring, as it is verified here
};

Fault keyrings_fault(const DiskRows& rows, std::optional<OpenVersion>& newest) {
  for (const auto& [number, keyring] : rows.keyrings) {
    auto version = version_of(keyring);
    if (!version || version->header.version != number || !follows(newest, *version))
      return "a keyring version does not follow the one before";
    newest = std::move(version);
  }
  return newest ? "" : "it has no keyring";
}

// True if its device signed it, and so all before it; or if the device is in no keyring: revoked long ago.
bool is_signed(const wire::KeyringHeader& keyring, const DeviceId& device, BytesView commit) {
  const auto* entry = keyring.find(device);
  return entry == nullptr || crypto::verify_commit_signature(entry->sig, commit);
}

// Checks that every commit follows the one before, and that heads name commits that exist and are signed.
Fault chains_fault(const Known& known) {
  std::optional<Link> last;
  std::map<DeviceId, Head> heads;
  std::size_t jumps = 0;
  for (const auto& [device, head] : known.rows.heads) heads[device] = head_in(known.rows, device);
  for (const auto& [place, commit] : known.rows.chains) {
    if (last && last->header.device != place.device) last.reset();
    auto link = link_of(known.profile.vault, place, commit);
    if (!link || !follows(last, *link)) return "a commit does not follow the one before";
    if (const auto at = heads.find(place.device); at != heads.end() && at->second == Head{place.seq, link->hash}) {
      if (!is_signed(known.newest, place.device, commit)) return "the head of a chain is not signed by its device";
      heads.erase(at);
    }
    if (link->header.kind == wire::CommitKind::jump) {
      const auto row = known.rows.jumps.find(place);
      if (row == known.rows.jumps.end() || *store::decode<std::uint64_t>(row->second) != link->header.after.seq)
        return "what a jump makes void is not what it says";
      ++jumps;
    }
    last = std::move(link);
  }
  if (jumps != known.rows.jumps.size()) return "a jump is not there";
  return heads.empty() ? "" : "the head of a chain is not there";
}

// True for a salvaged database. What it lacks, the next unlock makes anew.
bool was_salvaged(const DiskRows& rows) {
  return number_in(rows, meta::roll) == static_cast<std::uint64_t>(IdentityReason::disk);
}

Fault own_chain_fault(const Known& known) {
  const auto& rows = known.rows;
  const auto own = head_in(rows, known.profile.device);
  if (rows.chains.contains({known.profile.device, own.seq + 1})) return "the own chain goes on above its head";
  const auto last = rows.chains.find({known.profile.device, own.seq});
  if (own.seq == 0) return was_salvaged(rows) ? "" : "the own chain is not there";
  const auto link = last != rows.chains.end() ? link_of(known.profile.vault, last->first, last->second) : std::nullopt;
  if (!link || number_in(rows, meta::counter).value_or(0) < link->counter_end())
    return "the counter is below what the own chain has used";
  if (number_in(rows, meta::acked).value_or(0) > own.seq) return "more is acknowledged than was written";
  return "";
}

Fault local_fault(const DiskRows& rows) {
  if (!rows.local.contains("identity") && !was_salvaged(rows)) return "the device's own keys are not there";
  const bool rolls = rows.meta.contains("unsent_roll"), changes = rows.meta.contains("unsent_change");
  if (rolls != rows.local.contains("journal") || changes != rows.local.contains("change"))
    return "a keyring version that waits for the server is not there";
  for (const auto* name : {"journal", "change"})
    if (const auto at = rows.local.find(name); at != rows.local.end() && !version_of(at->second))
      return "a keyring version that waits for the server is not whole";
  return "";
}

std::optional<Profile> profile_in(const DiskRows& rows) {
  const auto at = rows.meta.find("profile");
  return at != rows.meta.end() ? parse_profile(at->second) : std::nullopt;
}

// Returns the version that has this device. A new identity's may wait for the server, apart from the others.
wire::KeyringHeader own_version(const DiskRows& rows, wire::KeyringHeader newest) {
  const auto at = rows.local.find("journal");
  auto journal = at != rows.local.end() ? version_of(at->second) : std::nullopt;
  return journal ? std::move(journal->header) : std::move(newest);
}

}  // namespace

bool is_owner(const DiskRows& rows, const Profile& profile, const wire::KeyringHeader& newest) {
  const auto version = own_version(rows, newest);
  const auto* entry = version.find(profile.device);
  const bool key = entry != nullptr && entry->net == crypto::RequestSigner::from_seed(profile.net).public_key();
  return key && profile.vault == version.vault && profile.account == version.account;
}

std::string_view rows_fault(const DiskRows& rows) {
  if (!rows.formed) return "a row has not the form of its table";
  if (number_in(rows, meta::enrolling).value_or(0) != 0) return "";
  auto profile = profile_in(rows);
  if (!profile) return "it does not say whose it is";
  std::optional<OpenVersion> newest;
  if (const auto fault = keyrings_fault(rows, newest); !fault.empty()) return fault;
  const Known known{rows, std::move(*profile), std::move(newest->header)};
  if (!was_salvaged(rows) && !is_owner(rows, known.profile, known.newest))
    return "what it says of itself is not what the keyring says";
  for (const auto rule : {chains_fault, own_chain_fault})
    if (const auto fault = rule(known); !fault.empty()) return fault;
  return local_fault(rows);
}

std::string_view disk_fault(BytesView file) {
  store::Pages pages{file};
  DiskRows rows;
  bool vault = false;  // a server's file has a schema too
  pages.walk([&](std::string_view table, BytesView key, BytesView value) {
    rows.take(table, key, value);
    vault = vault || (table == store::named.id.name && (text_of(key) == "profile" || text_of(key) == meta::enrolling));
  });
  if (!pages.fault().empty()) return pages.fault();
  const auto schema = rows.meta.find("schema");
  if (schema == rows.meta.end() || !vault) return "it is no vault's";
  if (!std::ranges::equal(schema->second, store::encode(store::vault_schema))) return "";
  return rows_fault(rows);
}

}  // namespace vault::daemon
