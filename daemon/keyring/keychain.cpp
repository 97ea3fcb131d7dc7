// SPDX-License-Identifier: Apache-2.0
#include "daemon/keyring/keychain.hpp"

#include <algorithm>

#include "crypto/keyring_trailer.hpp"
#include "crypto/layout.hpp"
#include "crypto/slot.hpp"
#include "crypto/suite.hpp"
#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "wire/slot_rules.hpp"

namespace vault::daemon {

using crypto::KeyringBody;
using crypto::KeyringDevice;
using wire::KeyringHeader;

namespace {

// Holds what can be read of a version without a key.
struct KeyringParts {
  BytesView bytes;
  Hash hash;
  KeyringHeader header;
  std::size_t hdr0_size = 0;
  crypto::KeyringTrailer trailer;
};

}  // namespace

struct Keychain::Parsed : KeyringParts {
  std::shared_ptr<const crypto::VaultKey> key;  // of its generation
};

namespace {

// Returns a MAC of nothing, so that two keys can be compared.
Hash mark(const crypto::VaultKey& key, const VaultId& vault) { return anchor_mac(key.anchor(vault), {}); }
Hash mark(const crypto::NameKey& key, const VaultId& vault) { return name_tag(key.tags(vault), {}); }

bool same_lists(const KeyringHeader& header, const KeyringBody& body) {
  return std::equal(header.devices.begin(), header.devices.end(), body.devices.begin(), body.devices.end(),
                    [](const auto& open, const auto& sealed) {
                      return open.id == sealed.id && open.net == sealed.net && open.sig == sealed.sig &&
                             open.may_write == sealed.active;
                    });
}

// True if the head of each revoked device is its cut; both are absent if nothing of its chain counts.
bool cuts_are_heads(const KeyringBody& body) {
  return std::all_of(body.devices.begin(), body.devices.end(), [&body](const auto& device) {
    const auto head = body.heads.find(device.id);
    const auto last = head != body.heads.end() ? head->second : Head{};
    return device.active || last == Head{device.revoked_seq, device.revoked_hash};
  });
}

// True unless the two versions have the same recovery code with different keys.
bool code_is_kept(const KeyringHeader& before, const KeyringBody& old, const KeyringHeader& header,
                  const KeyringBody& now) {
  return before.recovery_auth != header.recovery_auth ||
         (old.recovery_box == now.recovery_box &&
          constant_time_equal(old.recovery_psk.view(), now.recovery_psk.view()));
}

bool is_kept(const KeyringDevice& old, const KeyringDevice& now) {
  const bool same = old.sig == now.sig && old.box == now.box && old.net == now.net && old.joined == now.joined &&
                    old.joined_version == now.joined_version;
  if (!same || old.active) return same;
  return !now.active && old.revoked_seq == now.revoked_seq && old.revoked_hash == now.revoked_hash;
}

// True if devices are kept and only join or are revoked. A version that revokes a device also has a new vault key.
bool devices_grow(const KeyringBody& old, const KeyringBody& now, std::uint32_t version, bool new_key, bool adopts) {
  for (const auto& device : old.devices) {
    const auto* kept = now.find(device.id);
    if (kept == nullptr || !is_kept(device, *kept) || (kept->active != device.active && !new_key)) return false;
  }
  return std::all_of(now.devices.begin(), now.devices.end(), [&](const auto& device) {
    const bool fits = device.joined_version == version || (adopts && device.joined_version < version);
    return old.find(device.id) != nullptr || (fits && device.joined_version > 1 && device.active);
  });
}

bool heads_grow(const KeyringBody& old, const KeyringBody& now) {
  return std::all_of(old.heads.begin(), old.heads.end(), [&now](const auto& entry) {
    const auto at = now.heads.find(entry.first);
    if (at == now.heads.end() || at->second.seq < entry.second.seq) return false;
    return at->second.seq > entry.second.seq || at->second.hash == entry.second.hash;
  });
}

bool verifies(const SignKey& key, const crypto::KeyringTrailer& trailer, std::size_t at, BytesView bytes) {
  return crypto::verify_keyring_signature(key, bytes.first(trailer.signed_size), trailer.signatures[at].signature);
}

// True if the version before signed the change to another AUTH.
bool is_handed_over(const KeyringHeader& old, const KeyringHeader& now, const crypto::KeyringTrailer& trailer,
                    BytesView bytes) {
  if (trailer.signatures.size() != 2) return false;
  if (trailer.signatures[1].role == crypto::KeyringRole::previous) return verifies(old.auth, trailer, 1, bytes);
  const bool all_new =
      old.seed != now.seed && old.generation != now.generation && old.recovery_auth != now.recovery_auth;
  return trailer.signatures[1].role == crypto::KeyringRole::recovery && all_new && !old.recovery_auth.is_zero() &&
         verifies(old.recovery_auth, trailer, 1, bytes);
}

}  // namespace

Result<LoginTerms> login_terms(const Sealed& keyring) {
  const auto decoded = wire::decode_keyring_header(keyring.view());
  if (!decoded) return decoded.error();
  const auto& h = decoded->header;
  return LoginTerms{h.account, h.suite, h.vault, h.seed};
}

namespace {

template <class Parsed>
Result<Parsed> parse(const Sealed& version) {
  auto decoded = wire::decode_keyring_header(version.view());
  if (!decoded) return decoded.error();
  auto trailer = crypto::keyring_trailer(version.view(), decoded->size);
  if (!trailer) return trailer.error();
  Parsed out;
  out.bytes = version.view();
  out.hash = crypto::keyring_hash(version.view());
  out.header = std::move(decoded->header);
  out.hdr0_size = decoded->size;
  out.trailer = std::move(*trailer);
  return out;
}

bool states_terms(const KeyringHeader& header, const LoginTerms& terms, const crypto::RootKey& root) {
  return header.account == terms.account && header.vault == terms.vault && header.suite == terms.suite &&
         header.seed == terms.seed && header.auth == auth_key(root, terms.vault).public_key();
}

}  // namespace

Result<std::vector<Keychain::Parsed>> Keychain::parse_all(const std::vector<Sealed>& versions) {
  std::vector<Parsed> parsed;
  for (const auto& version : versions) {
    auto one = parse<Parsed>(version);
    if (!one) return one.error();
    parsed.push_back(std::move(*one));
  }
  if (parsed.empty()) return Errc::gap;
  return parsed;
}

namespace {

// Returns all vault keys, the newest last. The older ones come from the newest body.
template <class Parsed>
Result<std::vector<std::shared_ptr<const crypto::VaultKey>>> all_keys(const Parsed& newest, crypto::VaultKey key,
                                                                      KeyringBody body) {
  if (body.older.size() + 1 != newest.header.generation) return Errc::tamper;
  std::vector<std::shared_ptr<const crypto::VaultKey>> keys;
  for (auto& older : body.older) keys.push_back(std::make_shared<const crypto::VaultKey>(std::move(older)));
  keys.push_back(std::make_shared<const crypto::VaultKey>(std::move(key)));
  return keys;
}

bool are_the_codes(const KeyringBody& body, const crypto::RecoveryKeys& code) {
  return body.recovery_box == code.box.public_key() && constant_time_equal(body.recovery_psk.view(), code.psk.view());
}

}  // namespace

Result<std::shared_ptr<const Keychain>> Keychain::accept(const std::vector<Sealed>& versions,
                                                         const crypto::RootKey& root, const LoginTerms& terms) {
  auto parsed = parse_all(versions);
  if (!parsed) return parsed.error();
  const auto& newest = parsed->back();
  if (!states_terms(newest.header, terms, root)) return Errc::auth;
  if (!verifies(newest.header.auth, newest.trailer, 0, newest.bytes)) return Errc::tamper;
  auto key = open_password_slot(password_key(root, terms.vault), newest.header.password_slot.view(), terms.vault);
  if (!key) return key.error();
  auto body = open_keyring_body(*key, newest.bytes, newest.hdr0_size, terms.vault, newest.header.version);
  if (!body) return body.error();
  auto keys = all_keys(newest, std::move(*key), std::move(*body));
  if (!keys) return keys.error();
  return accept_all(std::move(*parsed), std::move(*keys));
}

Result<std::shared_ptr<const Keychain>> Keychain::accept_by_code(const std::vector<Sealed>& versions,
                                                                 const crypto::RecoveryKeys& code,
                                                                 const LoginTerms& terms) {
  auto parsed = parse_all(versions);
  if (!parsed) return parsed.error();
  const auto& newest = parsed->back();
  const auto& header = newest.header;
  const bool same = header.account == terms.account && header.vault == terms.vault && header.suite == terms.suite;
  if (!same || header.recovery_auth != code.auth.public_key()) return Errc::auth;
  if (!verifies(header.auth, newest.trailer, 0, newest.bytes)) return Errc::tamper;
  auto key = open_recovery_slot(code, header.recovery_slot.view(), terms.vault);
  if (!key) return key.error();
  auto body = open_keyring_body(*key, newest.bytes, newest.hdr0_size, terms.vault, header.version);
  if (!body) return body.error();
  if (!are_the_codes(*body, code)) return Errc::tamper;
  auto keys = all_keys(newest, std::move(*key), std::move(*body));
  if (!keys) return keys.error();
  return accept_all(std::move(*parsed), std::move(*keys));
}

Result<std::shared_ptr<const Keychain>> Keychain::accept_all(std::vector<Parsed> versions, Keys keys) {
  auto chain = std::make_shared<Keychain>();
  for (auto& version : versions) {
    if (version.header.generation > keys.size()) return Errc::tamper;
    version.key = keys[version.header.generation - 1];
    if (const auto ok = chain->append(version); !ok) return ok.error();
  }
  return std::shared_ptr<const Keychain>{std::move(chain)};
}

Result<std::shared_ptr<const Keychain>> Keychain::accept_next(const Sealed& version, const DeviceId& self,
                                                              const crypto::BoxPrivate& box) const {
  auto next = parse<Parsed>(version);
  if (!next) return next.error();
  const auto& header = next->header;
  if (header.generation == head_.generation) {
    next->key = vault_keys_.back();
  } else {
    if (header.generation != head_.generation + 1) return Errc::tamper;
    auto key = next_vault_key(header, self, box);
    if (!key) return key.error();
    next->key = std::move(*key);
  }
  auto chain = std::make_shared<Keychain>(*this);
  if (const auto ok = chain->append(*next); !ok) return ok.error();
  return std::shared_ptr<const Keychain>{std::move(chain)};
}

// Opens the next vault key: with this device's slot; if that does not open, the key may have been foreseen.
Result<std::shared_ptr<const crypto::VaultKey>> Keychain::next_vault_key(const wire::KeyringHeader& next,
                                                                         const DeviceId& self,
                                                                         const crypto::BoxPrivate& box) const {
  const auto slot = std::ranges::find_if(next.device_slots, [&self](const auto& s) { return s.device == self; });
  if (slot == next.device_slots.end()) return Errc::tamper;
  auto key =
      open_device_slot(slot->slot.view(), box, newest_vault_key(), head_.vault, self, next.version, next.generation);
  if (key) return std::make_shared<const crypto::VaultKey>(std::move(*key));
  const auto known = foreseen_.find(next.generation);
  return known != foreseen_.end() ? Result<std::shared_ptr<const crypto::VaultKey>>{known->second}
                                  : DaemonErrc::slot_unusable;
}

std::shared_ptr<const Keychain> Keychain::foreseeing(const Keychain& later) const {
  auto chain = std::make_shared<Keychain>(*this);
  chain->foreseen_.insert(later.foreseen_.begin(), later.foreseen_.end());
  for (std::size_t i = vault_keys_.size(); i < later.vault_keys_.size(); ++i)
    chain->foreseen_[static_cast<std::uint32_t>(i + 1)] = later.vault_keys_[i];
  return chain;
}

void Keychain::note_heads(std::uint32_t version, const std::map<DeviceId, Head>& heads) {
  for (const auto& [device, head] : heads)
    if (auto& named = named_[device]; named.empty() || named.back().seq < head.seq)
      named.push_back({version, head.seq});
}

std::uint64_t Keychain::head_named_by(std::uint32_t version, const DeviceId& id) const {
  const auto named = named_.find(id);
  if (named == named_.end()) return 0;
  const auto after = std::ranges::upper_bound(named->second, version, {}, &NamedHead::version);
  return after == named->second.begin() ? 0 : std::prev(after)->seq;
}

Result<void> Keychain::append(const Parsed& next) {
  const auto& now = next.header;
  const bool first = versions_.empty();
  const auto& old = first ? now : head_;  // the first version is its own predecessor in rules that compare two
  const bool new_key = !first && now.generation != old.generation;

  if (now.version != versions_.size() + 1 || (!first && now.prev != head_hash())) return Errc::tamper;
  if (now.vault != old.vault || now.account != old.account || now.suite != old.suite) return Errc::tamper;
  if (first ? now.generation != 1 : now.generation != old.generation + (new_key ? 1u : 0u)) return Errc::tamper;

  const auto& link_key = first ? *next.key : newest_vault_key();
  if (!verify_link(link_key, now.vault, next.bytes, next.hdr0_size)) return Errc::tamper;
  if (!verifies(now.auth, next.trailer, 0, next.bytes)) return Errc::tamper;
  const bool same_auth = now.auth == old.auth;
  if (same_auth ? next.trailer.signatures.size() != 1 : !is_handed_over(old, now, next.trailer, next.bytes))
    return Errc::tamper;

  auto body = open_keyring_body(*next.key, next.bytes, next.hdr0_size, now.vault, now.version);
  if (!body) return body.error();
  if (body->minimum_format != crypto::layout::format) return Errc::downgrade;
  if (!same_lists(now, *body) || !cuts_are_heads(*body) || body->older.size() + 1 != now.generation)
    return Errc::tamper;
  if (!wire::slots_are_sound(now) || !wire::slots_fit_devices(now, new_key)) return Errc::tamper;
  for (std::size_t i = 0; i < body->older.size(); ++i)
    if (mark(body->older[i], now.vault) != mark(*vault_keys_[i], now.vault)) return Errc::tamper;
  if (first && !std::all_of(body->devices.begin(), body->devices.end(),
                            [](const auto& d) { return d.joined_version == 1 && d.active; }))
    return Errc::tamper;
  if (!first) {
    const bool grows =
        devices_grow(*body_, *body, now.version, new_key, !now.siblings.empty()) && heads_grow(*body_, *body);
    if (!grows || mark(body->names, now.vault) != mark(body_->names, now.vault)) return Errc::tamper;
    if (!wire::slots_follow(old, now) || !code_is_kept(old, *body_, now, *body)) return Errc::tamper;
    if (!new_key && (old.seed != now.seed || old.auth != now.auth)) return Errc::tamper;
  }

  for (const auto& sibling : now.siblings) {
    if (std::ranges::find(versions_, sibling, &Accepted::hash) != versions_.end()) return Errc::tamper;
    replaced_.insert(sibling);
    for (const auto& device : body->devices)
      if (body_->find(device.id) == nullptr && device.joined_version < now.version) enrolled_[device.id] = sibling;
  }
  versions_.push_back({next.hash, now.generation});
  note_heads(now.version, body->heads);
  if (vault_keys_.size() < now.generation) vault_keys_.push_back(next.key);
  checks_ = std::make_shared<const crypto::VersionCheckKey>(body->names.checks(now.vault));
  body_ = std::make_shared<const KeyringBody>(std::move(*body));
  head_ = now;
  return {};
}

Result<std::shared_ptr<const Keychain>> Keychain::first(std::size_t count, const std::vector<Sealed>& versions) const {
  auto chain = std::make_shared<Keychain>();
  for (std::size_t i = 0; i < count && i < versions.size(); ++i) {
    auto next = parse<Parsed>(versions[i]);
    if (!next) return next.error();
    if (next->header.generation < 1 || next->header.generation > vault_keys_.size()) return Errc::tamper;
    next->key = vault_keys_[next->header.generation - 1];
    if (const auto ok = chain->append(*next); !ok) return ok.error();
  }
  return std::shared_ptr<const Keychain>{std::move(chain)};
}

const crypto::VaultKey* Keychain::vault_key(std::uint32_t generation) const {
  return generation >= 1 && generation <= vault_keys_.size() ? vault_keys_[generation - 1].get() : nullptr;
}

const KeyringDevice* Keychain::device(const DeviceId& id) const { return body_->find(id); }

std::uint32_t Keychain::generation_of(std::uint32_t version) const {
  return version >= 1 && version <= versions_.size() ? versions_[version - 1].generation : 0;
}

Hash Keychain::hash_of(std::uint32_t version) const {
  return version >= 1 && version <= versions_.size() ? versions_[version - 1].hash : Hash{};
}

bool Keychain::has(std::uint32_t version, const Hash& hash) const {
  return version >= 1 && version <= versions_.size() && (versions_[version - 1].hash == hash || replaces(hash));
}

Hash Keychain::enrolment_hash(const DeviceId& id) const {
  if (const auto at = enrolled_.find(id); at != enrolled_.end()) return at->second;
  const auto* entry = device(id);
  return entry != nullptr ? hash_of(entry->joined_version) : Hash{};
}

bool is_signed_successor(const Sealed& before, const Sealed& after) {
  const auto old = parse<KeyringParts>(before);
  const auto now = parse<KeyringParts>(after);
  if (!old || !now || now->header.prev != old->hash || now->header.version != old->header.version + 1) return false;
  if (now->header.vault != old->header.vault || now->header.account != old->header.account) return false;
  if (now->header.suite != old->header.suite || !verifies(now->header.auth, now->trailer, 0, now->bytes)) return false;
  if (now->header.auth == old->header.auth) return now->trailer.signatures.size() == 1;
  return is_handed_over(old->header, now->header, now->trailer, now->bytes);
}

}  // namespace vault::daemon
