// SPDX-License-Identifier: Apache-2.0
#include "server/keyrings.hpp"

#include <algorithm>
#include <charconv>

#include "base/fault_point.hpp"
#include "base/hex.hpp"
#include "crypto/verify.hpp"
#include "server/answers.hpp"
#include "server/checks.hpp"
#include "wire/errc.hpp"

namespace vault::server {

using wire::HttpResponse;

namespace {

constexpr std::uint32_t not_in_history = 0;  // Storage::keyring_version returns it for a replaced version

Result<Head> end_of(const Storage& storage, const VaultId& vault, const DeviceId& device) {
  const auto heads = storage.heads(vault);
  if (!heads) return heads.error();
  const auto at = std::ranges::find(heads->chains, device, &wire::Heads::Chain::device);
  return at != heads->chains.end() ? at->head : Head{};
}

// Checks that the version does not replace one that is in the history.
Result<void> check_sibling(const Storage& storage, const Account& account, const ReadKeyring& keyring) {
  if (!keyring.version.replaces) return {};
  const auto known = storage.keyring_version(account.vault, *keyring.version.replaces);
  if (!known) return known.error();
  if (known->value_or(not_in_history) != not_in_history) return Errc::tamper;
  return {};
}

// Succeeds if the account exists with exactly this keyring, so that nothing needs to be registered.
Result<void> require_known(const Storage& storage, const std::string& name, const ReadKeyring& first) {
  const auto account = storage.find_account(name);
  if (!account) return account.error();
  if (!*account || (*account)->vault != first.header.vault) return WireErrc::registration_closed;
  const auto version = storage.keyring_version((*account)->vault, first.version.hash);
  if (!version) return version.error();
  return *version == 1u ? Result<void>{} : Result<void>{WireErrc::registration_closed};
}

}  // namespace

Result<std::optional<ChainEnd>> chain_end(const Target& target) {
  if (target.parameters.empty()) return std::optional<ChainEnd>{};
  const auto chain = target.parameters.find("chain"), head = target.parameters.find("head");
  if (target.parameters.size() != 2 || chain == target.parameters.end() || head == target.parameters.end())
    return Errc::usage;
  const auto dash = head->second.find('-');
  if (dash == std::string_view::npos) return Errc::usage;
  const auto device = unhex_fixed<DeviceId>(chain->second);
  const auto hash = unhex_fixed<Hash>(head->second.substr(dash + 1));
  const auto digits = head->second.substr(0, dash);
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  if (!device || !hash || error != std::errc{} || end != digits.data() + digits.size()) return Errc::usage;
  return std::optional{ChainEnd{*device, {seq, *hash}}};
}

Result<HttpResponse> replace_keyring(Storage& storage, const std::string& name, const Sealed& bytes,
                                     const std::optional<ChainEnd>& wanted) {
  const auto account = storage.find_account(name);
  if (!account) return account.error();
  if (!*account) return Errc::auth;
  const auto keyring = read_keyring(bytes);
  if (!keyring) return keyring.error();
  const auto& head = (*account)->keyring;
  if (keyring->version.hash == head.hash) return answer(wire::encode(head));
  if (keyring->header.account != name || keyring->header.vault != (*account)->vault) return Errc::tamper;
  if (keyring->header.version != head.version + 1 || keyring->header.prev != head.hash)
    return refusal(Errc::conflict, wire::encode(head));
  if (wanted) {
    const auto end = end_of(storage, (*account)->vault, wanted->device);
    if (!end) return end.error();
    if (*end != wanted->head) return refusal(Errc::conflict, wire::encode(head));
  }
  const auto previous = newest_keyring(storage, **account);
  if (!previous) return previous.error();
  if (auto good = check_successor(*previous, *keyring); !good) return good.error();
  if (auto good = check_sibling(storage, **account, *keyring); !good) return good.error();
  fault_point("keyring.checked");
  const auto result = storage.replace_keyring((*account)->vault, head, keyring->version);
  fault_point("keyring.stored");
  if (!result) return result.error();
  if (const auto* conflict = std::get_if<KeyringConflict>(&*result))
    return refusal(Errc::conflict, wire::encode(conflict->head));
  return answer(wire::encode(std::get<wire::KeyringHead>(*result)));
}

namespace {

// Stores the versions after the first one that are missing. Each proves by its signatures that it may follow.
Result<HttpResponse> carry_on(Storage& storage, const VaultId& vault, const wire::CreateAccount& asked) {
  for (const auto& version : asked.more) {
    const auto known = storage.keyring_version(vault, crypto::keyring_hash(version.view()));
    if (!known) return known.error();
    if (*known) continue;
    auto put = replace_keyring(storage, asked.account, version, std::nullopt);
    if (!put || put->status != 200) return put;
  }
  return answer();
}

}  // namespace

Result<HttpResponse> create(Storage& storage, const wire::CreateAccount& asked, const std::optional<Hash>& invitation,
                            Registered may) {
  const auto keyring = read_keyring(asked.keyring);
  if (!keyring) return keyring.error();
  if (keyring->header.account != asked.account) return Errc::tamper;
  if (auto good = check_first(*keyring); !good) return good.error();
  if (may == Registered::before)
    if (auto known = require_known(storage, asked.account, *keyring); !known) return known.error();
  fault_point("account.checked");
  const auto made = storage.create_account(asked.account, keyring->header.vault, keyring->version, invitation);
  fault_point("account.stored");
  if (!made) return made.error();
  return carry_on(storage, keyring->header.vault, asked);
}

}  // namespace vault::server
