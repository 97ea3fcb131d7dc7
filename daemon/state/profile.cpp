// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/profile.hpp"

#include <algorithm>

namespace vault::daemon {

std::optional<std::uint64_t> get_number(const store::ReadTxn& tx, std::string_view name) {
  const auto bytes = tx.get(store::named, std::string{name});
  if (!bytes || bytes->size() != 8) return std::nullopt;
  return ByteReader{*bytes}.u64();
}

void put_number(store::WriteTxn& tx, std::string_view name, std::uint64_t value) {
  tx.put(store::named, std::string{name}, ByteWriter{}.u64(value).take());
}

void remove_number(store::WriteTxn& tx, std::string_view name) { tx.remove(store::named, std::string{name}); }

std::map<DeviceId, std::uint64_t> get_times(const store::ReadTxn& tx, std::string_view name) {
  std::map<DeviceId, std::uint64_t> times;
  const auto bytes = tx.get(store::named, std::string{name}).value_or(Bytes{});
  ByteReader in{bytes};
  while (in.ok() && in.left() > 0) {
    const auto device = in.fixed<DeviceId>();
    times[device] = in.u64();
  }
  return in.ok() ? times : std::map<DeviceId, std::uint64_t>{};
}

void put_times(store::WriteTxn& tx, std::string_view name, const std::map<DeviceId, std::uint64_t>& times) {
  ByteWriter out;
  for (const auto& [device, time] : times) out.fixed(device).u64(time);
  if (times.empty()) tx.remove(store::named, std::string{name});
  else tx.put(store::named, std::string{name}, out.bytes());
}

std::optional<Profile> get_profile(const store::ReadTxn& tx) {
  auto bytes = tx.get(store::named, "profile");
  if (!bytes) return std::nullopt;
  auto profile = parse_profile(*bytes);
  wipe(*bytes);
  return profile;
}

std::optional<Profile> parse_profile(BytesView bytes) {
  ByteReader in{bytes};
  Profile p;
  p.account = text_of(in.var16());
  p.origin = text_of(in.var16());
  p.ca_file = text_of(in.var16());
  p.vault = in.fixed<VaultId>();
  p.device = in.fixed<DeviceId>();
  p.net = Secret::copy_of(in.var16());
  if (!in.done() || p.net.size() != 32) return std::nullopt;
  return p;
}

void put_profile(store::WriteTxn& tx, const Profile& p) {
  ByteWriter out;
  out.var16(bytes_of(p.account)).var16(bytes_of(p.origin)).var16(bytes_of(p.ca_file));
  out.fixed(p.vault).fixed(p.device).var16(p.net.view());
  tx.put(store::named, "profile", out.bytes());
}

std::string_view to_text(IdentityReason reason) {
  static constexpr std::string_view words[] = {"",        "anchor",  "behind",     "fingerprint", "server",
                                               "revoked", "refused", "superseded", "counter",     "disk"};
  const auto at = static_cast<std::size_t>(reason);
  return at < std::size(words) ? words[at] : "";
}

std::optional<Salvage> get_salvage(const store::ReadTxn& tx) {
  const auto bytes = tx.get(store::named, "salvage");
  if (!bytes) return std::nullopt;
  ByteReader in{*bytes};
  Salvage out{in.u64(), in.u64(), std::string{text_of(in.var16())}, std::string{text_of(in.var16())}, in.u8() != 0};
  return in.done() ? std::optional{std::move(out)} : std::nullopt;
}

void put_salvage(store::WriteTxn& tx, const Salvage& salvage) {
  ByteWriter out;
  out.u64(salvage.time).u64(salvage.lost).var16(bytes_of(salvage.lost_seqs)).var16(bytes_of(salvage.file));
  out.u8(salvage.suspect ? 1 : 0);
  tx.put(store::named, "salvage", out.bytes());
}

std::map<DeviceId, Head> lost_heads(const store::ReadTxn& tx) {
  std::map<DeviceId, Head> heads;
  const auto bytes = tx.get(store::named, "lost_heads").value_or(Bytes{});
  ByteReader in{bytes};
  while (in.ok() && in.left() > 0) {
    const auto device = in.fixed<DeviceId>();
    const Head head{in.u64(), in.fixed<Hash>()};
    if (in.ok() && tx.get(store::heads, device).value_or(Head{}).seq < std::max<std::uint64_t>(head.seq, 1))
      heads[device] = head;
  }
  return heads;
}

void put_lost_heads(store::WriteTxn& tx, const std::map<DeviceId, Head>& heads) {
  ByteWriter out;
  for (const auto& [device, head] : heads) out.fixed(device).u64(head.seq).fixed(head.hash);
  if (heads.empty()) tx.remove(store::named, std::string{"lost_heads"});
  else tx.put(store::named, "lost_heads", out.bytes());
}

std::optional<UnsentIdentity> get_unsent_identity(const store::ReadTxn& tx) {
  auto bytes = tx.get(store::named, "unsent_roll");
  auto keyring = tx.get(store::local, "journal");
  if (!bytes || !keyring) return std::nullopt;
  ByteReader in{*bytes};
  UnsentIdentity roll{in.fixed<DeviceId>(), Secret::copy_of(in.take(32)), {}, std::move(*keyring)};
  roll.cut.seq = in.u64();
  roll.cut.hash = in.fixed<Hash>();
  const bool whole = in.done();
  wipe(*bytes);
  if (!whole) return std::nullopt;
  return roll;
}

void put_unsent_identity(store::WriteTxn& tx, const UnsentIdentity& roll) {
  ByteWriter out;
  out.fixed(roll.device).raw(roll.net.view()).u64(roll.cut.seq).fixed(roll.cut.hash);
  tx.put(store::named, "unsent_roll", out.bytes());
  tx.put(store::local, "journal", roll.keyring);
}

void remove_unsent_identity(store::WriteTxn& tx) {
  tx.remove(store::named, "unsent_roll");
  tx.remove(store::local, "journal");
  tx.remove(store::local, "journal_identity");
}

std::optional<UnsentChange> get_unsent_change(const store::ReadTxn& tx) {
  const auto bytes = tx.get(store::named, "unsent_change");
  auto keyring = tx.get(store::local, "change");
  if (!bytes || !keyring) return std::nullopt;
  ByteReader in{*bytes};
  UnsentChange change{std::move(*keyring), in.fixed<DeviceId>(), {}};
  change.cut.seq = in.u64();
  change.cut.hash = in.fixed<Hash>();
  change.superseded = in.u8() != 0;
  if (!in.done()) return std::nullopt;
  return change;
}

void put_unsent_change(store::WriteTxn& tx, const UnsentChange& change) {
  ByteWriter out;
  out.fixed(change.revoked).u64(change.cut.seq).fixed(change.cut.hash).u8(change.superseded ? 1 : 0);
  tx.put(store::named, "unsent_change", out.bytes());
  tx.put(store::local, "change", change.keyring);
}

void remove_unsent_change(store::WriteTxn& tx) {
  tx.remove(store::named, "unsent_change");
  tx.remove(store::local, "change");
}

namespace {

SignKey get_key(const store::ReadTxn& tx, const std::string& name) {
  const auto bytes = tx.get(store::named, name);
  return bytes && bytes->size() == SignKey::size ? SignKey::from(*bytes) : SignKey{};
}

void put_key(store::WriteTxn& tx, const std::string& name, const SignKey& key) {
  tx.put(store::named, name, Bytes(key.view().begin(), key.view().end()));
}

}  // namespace

SignKey get_self_key(const store::ReadTxn& tx) { return get_key(tx, "self_key"); }
void put_self_key(store::WriteTxn& tx, const SignKey& key) { put_key(tx, "self_key", key); }

SignKey get_unseen_sheet(const store::ReadTxn& tx) { return get_key(tx, "unseen_sheet"); }

void put_unseen_sheet(store::WriteTxn& tx, const SignKey& key) {
  if (!key.is_zero()) put_key(tx, "unseen_sheet", key);
  else tx.remove(store::named, "unseen_sheet");
}

}  // namespace vault::daemon
