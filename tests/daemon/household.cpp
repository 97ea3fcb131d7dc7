// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/household.hpp"

#include "crypto/fresh.hpp"
#include "daemon/state/commit_rows.hpp"

namespace vault::tests {

using namespace crypto;
using wire::CommitHeader;
using wire::CommitKind;
using wire::KeyringHeader;

namespace {

constexpr std::uint64_t a_time = 1'700'000'000'000;

KeyringDevice entry_of(const Identity& identity, std::uint32_t version) {
  return {.id = identity.id,
          .name = "a device",
          .sig = identity.sig.public_key(),
          .box = identity.box.public_key(),
          .net = identity.net.public_key(),
          .joined = a_time,
          .joined_version = version};
}

void list_as_in(KeyringHeader& header, const KeyringBody& body) {
  header.devices.clear();
  for (const auto& device : body.devices) header.devices.push_back({device.id, device.net, device.sig, device.active});
  std::ranges::sort(header.devices, {}, [](const auto& d) { return d.id; });
}

}  // namespace

Household::Household(std::size_t devices) {
  terms_ = {"alice", cheap, a_vault, of_byte<Seed>(0x66)};
  auto root =
      derive_root(Password::from(Secret::copy_of("a password")).value(), cheap, terms_.account, a_vault, terms_.seed);
  root_ = std::make_shared<const RootKey>(std::move(root.value()));
  found();
  while (members_.size() < devices) join();
}

std::shared_ptr<const Identity> Household::new_member(const VaultKey& key) {
  auto identity = std::make_shared<const Identity>(new_identity({.vault_key = key,
                                                                 .vault = a_vault,
                                                                 .previous = {},
                                                                 .previous_counter = 0,
                                                                 .keyring_hash = {},
                                                                 .fingerprint = {},
                                                                 .time_ms = a_time}));
  members_.push_back({identity, 0, 0, {}});
  return identity;
}

void Household::found() {
  const auto key = new_vault_key(*root_, a_vault);
  const auto identity = new_member(key);
  const auto auth = auth_key(*root_, a_vault);
  KeyringBody body{.names = new_name_key(*root_, a_vault), .recovery_box = {}, .recovery_psk = Secret{32}};
  body.devices = {entry_of(*identity, 1)};
  KeyringHeader header{.suite = cheap, .vault = a_vault, .author = identity->id, .version = 1, .generation = 1};
  header.seed = terms_.seed;
  header.auth = auth.public_key();
  header.account = terms_.account;
  header.password_slot = seal_password_slot(password_key(*root_, a_vault), key, {cheap, a_vault, identity->id, 1, 1});
  list_as_in(header, body);
  versions_ = {seal_keyring(key, key, encode(header), body, {.own = auth}).value()};
  keychain = Keychain::accept(versions_, *root_, terms_).value();
}

Result<Sealed> Household::next_keyring(const BendKeyring& bend, NewKey new_key) const {
  const auto& previous = keychain->newest_vault_key();
  const auto key = new_key == NewKey::yes ? new_vault_key(*root_, a_vault) : previous.clone();
  auto header = keychain->head();
  auto body = keychain->body().clone();
  header.segments = header.total = 0;
  header.version += 1;
  header.prev = keychain->head_hash();
  header.device_slots.clear();
  if (new_key == NewKey::yes) {
    body.older.push_back(previous.clone());
    header.generation += 1;
    const SlotPlace place{cheap, a_vault, header.author, header.version, header.generation};
    header.password_slot = seal_password_slot(password_key(*root_, a_vault), key, place);
  }
  bend(header, body);
  const SlotPlace place{cheap, a_vault, header.author, header.version, header.generation};
  for (const auto& device : header.devices)
    if (new_key == NewKey::yes && device.may_write)
      header.device_slots.push_back(
          {device.id, seal_device_slot(key, previous, place, device.id, body.find(device.id)->box).value()});
  const auto auth = auth_key(*root_, a_vault);
  return seal_keyring(key, previous, encode(header), body, {.own = auth});
}

void Household::accept(const Sealed& version) {
  versions_.push_back(version);
  keychain = Keychain::accept(versions_, *root_, terms_).value();
}

void Household::join() {
  const auto identity = new_member(keychain->newest_vault_key());
  accept(next_keyring([&](KeyringHeader& header, KeyringBody& body) {
           body.devices.push_back(entry_of(*identity, header.version));
           list_as_in(header, body);
         }).value());
}

void Household::revoke(std::size_t device, Head cut) {
  const auto revoked = [&](KeyringHeader& header, KeyringBody& body) {
    for (auto& entry : body.devices)
      if (entry.id == id(device)) {
        entry.active = false;
        entry.revoked_seq = cut.seq;
        entry.revoked_hash = cut.hash;
      }
    if (cut.seq > 0) body.heads[id(device)] = cut;
    list_as_in(header, body);
  };
  accept(next_keyring(revoked, NewKey::yes).value());
}

Head Household::head(std::size_t device) const { return head_at(device, members_.at(device).chain.size()); }

Head Household::head_at(std::size_t device, std::uint64_t seq) const {
  if (seq == 0) return {};
  return {seq, commit_hash(members_.at(device).chain.at(seq - 1).view())};
}

std::map<DeviceId, Head> Household::heads() const {
  std::map<DeviceId, Head> out;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (!members_[i].chain.empty()) out[id(i)] = head(i);
  return out;
}

CommitHeader Household::header(std::size_t device, CommitKind kind, const BendHeader& bend) const {
  const auto& member = members_.at(device);
  CommitHeader out{.suite = cheap, .kind = kind, .vault = a_vault, .device = id(device), .counter = member.counter};
  out.epoch = member.epoch + (opens_epoch(kind) ? 1u : 0u);
  out.seq = member.chain.size() + 1;
  out.keyring_version = keychain->head().version;
  out.keyring_hash = keychain->head_hash();
  out.prev = member.chain.empty() ? keychain->enrolment_hash(id(device)) : head(device).hash;
  if (bend) bend(out);
  return out;
}

void Household::append(std::size_t device, const CommitHeader& header, Sealed commit) {
  auto& member = members_.at(device);
  member.epoch = header.epoch;
  member.counter = header.counter + wire::decode_commit_header(commit.view()).value().segments;
  member.chain.push_back(std::move(commit));
}

// The device key stays the same over all epochs here: it is the rules that are tried.
void Household::epoch(std::size_t device, const SeenVector& seen, const BendHeader& bend) {
  const auto h = header(device, CommitKind::epoch, bend);
  const auto& keys = *identity(device);
  const auto wrap = keychain->newest_vault_key().wrap(a_vault, keys.id, h.epoch);
  append(device, h, seal_epoch_commit(wrap, keys.sig, encode(h), encode_seen(seen), keys.dk));
}

void Household::jump(std::size_t device, std::uint64_t after, const SeenVector& seen, const BendHeader& bend) {
  const auto over = [&](CommitHeader& h) {
    h.after = after == 0 ? Head{0, keychain->enrolment_hash(id(device))} : head_at(device, after);
    if (bend) bend(h);
  };
  const auto h = header(device, CommitKind::jump, over);
  const auto& keys = *identity(device);
  const auto wrap = keychain->newest_vault_key().wrap(a_vault, keys.id, h.epoch);
  append(device, h, seal_epoch_commit(wrap, keys.sig, encode(h), encode_seen(seen), keys.dk));
}

void Household::seal(std::size_t device, CommitKind kind, BytesView content, const BendHeader& bend) {
  const auto h = header(device, kind, bend);
  const auto& keys = *identity(device);
  append(device, h, seal_commit(keys.dk, keys.sig, encode(h), content));
}

void Household::put(std::size_t device, const std::string& name, const SeenVector& seen, const BendHeader& bend) {
  const std::vector<RecordDraft> drafts{
      {.name = name, .clock = a_time << 16, .wall_ms = a_time, .value = bytes_of("a value")}};
  const auto seq = members_.at(device).chain.size() + 1;
  const auto data = encode_data(seen, drafts, id(device), seq, keychain->version_checks());
  seal(device, CommitKind::data, data.value().content.view(), bend);
}

void Household::ack(std::size_t device, const SeenVector& seen, const BendHeader& bend) {
  seal(device, CommitKind::ack, encode_ack(seen).view(), bend);
}

void Household::checkpoint(std::size_t device, const SeenVector& seen, const BendHeader& bend) {
  seal(device, CommitKind::checkpoint, encode_ack(seen).view(), bend);
}

void Household::store_in(store::Store& store) const {
  const auto stored = store.write([this](store::WriteTxn& tx) {
    for (std::uint32_t i = 0; i < versions_.size(); ++i) tx.put(store::keyrings, i + 1, versions_[i]);
    for (const auto& member : members_) {
      std::uint64_t seq = 0;
      for (const auto& commit : member.chain)
        if (++seq; !commit.empty()) daemon::put_commit(tx, {member.identity->id, seq}, commit);
    }
  });
  REQUIRE(stored);
}

store::Store open_store(const TempFolder& folder, std::uint64_t map_bytes) {
  auto store = store::Store::open(
      folder / "state", {.tables = store::vault_tables, .oldest = store::vault_schema, .map_bytes = map_bytes});
  REQUIRE(store);
  return std::move(*store);
}

}  // namespace vault::tests
