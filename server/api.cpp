// SPDX-License-Identifier: Apache-2.0
#include "server/api.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "server/answers.hpp"
#include "server/appends.hpp"
#include "server/blobs.hpp"
#include "server/checks.hpp"
#include "server/keyrings.hpp"
#include "wire/errc.hpp"

namespace vault::server {
namespace {

using wire::HttpRequest;
using wire::HttpResponse;

constexpr std::uint8_t zero = 0;
constexpr std::uint8_t fake_suite = 1;

template <class F>
Write write(F work) {
  return Write{[work = std::move(work)] { return told(work()); }};
}

constexpr std::size_t most_of_page = std::max(limits::page_bytes, limits::commit_bytes) + 8 * 1024;  // lengths included
constexpr std::size_t most_of_leaves = 8 + Hash::size * limits::blob_chunks;

template <class F>
Read read(const VaultId& vault, std::size_t most, F work) {
  return Read{vault, most, [work = std::move(work)] { return told(work()); }};
}

Hash fake(const ServerSecret& secret, std::string_view label, std::string_view account) {
  return crypto::hmac_sha256(secret.view(), bytes_of(label), BytesView{&zero, 1}, bytes_of(account));
}

wire::Prelogin fake_prelogin(const ServerSecret& secret, std::string_view account) {
  const auto vault = fake(secret, "vaultd/v1/fake-vault-id", account);
  const auto seed = fake(secret, "vaultd/v1/fake-seed", account);
  return {fake_suite, VaultId::from(vault.view().first(VaultId::size)), Seed::from(seed.view())};
}

Result<void> require_device(const Storage& storage, const Account& account, const DeviceId& device) {
  const auto header = newest_keyring(storage, account);
  if (!header) return header.error();
  if (header->find(device) == nullptr) return Errc::not_found;
  return {};
}

// Returns the device of /v1/chain/ID.
std::optional<DeviceId> chain_of(std::string_view path) {
  constexpr std::string_view chain = "/v1/chain/";
  if (!path.starts_with(chain)) return std::nullopt;
  return unhex_fixed<DeviceId>(path.substr(chain.size()));
}

Bytes notice_of(BytesView body) {
  const auto hash = crypto::sha256(body);
  const auto first = hash.view().first(limits::notice_bytes);
  return {first.begin(), first.end()};
}

std::string known_of(BytesView body) { return hex(notice_of(body)); }

}  // namespace

std::size_t body_limit(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  if (path == "/v1/prelogin" || path == "/v1/session") return limits::stranger_body_bytes;
  return wire::parse_blob_path(path) ? wire::blob_chunk_bytes : limits::body_bytes;
}

Api::Api(Storage& storage, ApiOptions options)
    : storage_(storage),
      registration_(options.registration),
      secret_(storage.secret().value()),
      authenticator_(storage, secret_, std::move(options.now)) {}

HttpResponse Api::handle(const HttpRequest& request) {
  auto outcome = begin(request);
  if (const auto* write = std::get_if<Write>(&outcome)) return write->work();
  if (const auto* read = std::get_if<Read>(&outcome)) return read->work();
  if (const auto* wait = std::get_if<Wait>(&outcome)) return answer_heads(wait->vault);
  return std::get<HttpResponse>(std::move(outcome));
}

Outcome Api::begin(const HttpRequest& request) {
  auto outcome = route(request);
  if (!outcome) return refusal(outcome.error());
  return std::move(*outcome);
}

std::variant<HttpResponse, Caller> Api::begin_watch(const HttpRequest& request) {
  if (request.target != "/v1/watch") return refusal(Errc::not_found);
  auto caller = authenticator_.check(request);
  if (!caller) return refusal(caller.error());
  return std::move(*caller);
}

Bytes Api::notice(const VaultId& vault) const {
  const auto heads = storage_.heads(vault);
  return heads ? notice_of(wire::encode(*heads)) : Bytes{};
}

Result<Outcome> Api::route(const HttpRequest& request) {
  const auto target = parse_target(request.target);
  if (!target) return target.error();
  const auto posts = [&request, &target](std::string_view path) {
    return request.method == "POST" && target->path == path;
  };
  const bool open = posts("/v1/prelogin") || posts("/v1/session") || posts("/v1/account");
  if (!open) return route_signed(request, *target);
  if (!target->parameters.empty()) return Errc::usage;
  if (posts("/v1/prelogin")) return prelogin(request);
  if (posts("/v1/session")) return open_session(request);
  return create_account(request);
}

Result<Outcome> Api::route_signed(const HttpRequest& request, const Target& target) {
  const bool get = request.method == "GET", put = request.method == "PUT", post = request.method == "POST";
  const bool keyring = target.path == "/v1/keyring" && (get || put);
  const bool heads = target.path == "/v1/heads" && get;
  const auto chain = get || post ? chain_of(target.path) : std::nullopt;
  const auto blob = get || put ? wire::parse_blob_path(target.path) : std::nullopt;
  const bool chunk = blob && blob->index;
  if (!keyring && !heads && !chain && !(get && blob) && !chunk) return Errc::not_found;
  const auto caller = authenticator_.check(request);
  if (!caller) return caller.error();
  if ((blob || (!get && !keyring)) && !target.parameters.empty()) return Errc::usage;
  if (blob) return get ? get_blob(*caller, *blob) : put_blob(*caller, *blob, request);
  if (heads) return get_heads(*caller, target);
  if (keyring) return get ? get_keyring(*caller, target) : put_keyring(*caller, target, request);
  return get ? get_chain(*caller, *chain, target) : post_chain(*caller, *chain, request);
}

// -- Requests of callers who are not known yet

Result<Outcome> Api::prelogin(const HttpRequest& request) const {
  const auto asked = wire::decode<wire::PreloginRequest>(request.body);
  if (!asked) return asked.error();
  const auto account = storage_.find_account(asked->account);
  if (!account) return account.error();
  auto out = fake_prelogin(secret_, asked->account);
  if (*account) out = {(*account)->log_in.suite, (*account)->vault, (*account)->log_in.seed};
  return Outcome{answer(wire::encode(out))};
}

Result<Outcome> Api::open_session(const HttpRequest& request) {
  const auto asked = wire::decode<wire::SessionRequest>(request.body);
  if (!asked) return asked.error();
  return Outcome{answer(wire::encode(authenticator_.open(*asked)))};
}

Result<Outcome> Api::create_account(const HttpRequest& request) {
  auto asked = wire::decode<wire::CreateAccount>(request.body);
  if (!asked) return asked.error();
  std::optional<Hash> invitation;
  if (registration_ == Registration::invite) invitation = crypto::sha256(asked->invitation);
  const bool closed = registration_ == Registration::closed;
  if (closed && asked->more.empty()) return WireErrc::registration_closed;
  return Outcome{write([&storage = storage_, asked = std::move(*asked), invitation, closed] {
    return create(storage, asked, invitation, closed ? Registered::before : Registered::now);
  })};
}

// -- Signed requests

Result<Outcome> Api::get_keyring(const Caller& caller, const Target& target) const {
  const auto from = target.number("from", UINT32_MAX);
  if (!from || target.parameters.size() != 1) return Errc::usage;
  const auto vault = caller.account.vault;
  const auto first = static_cast<std::uint32_t>(*from);
  return Outcome{read(vault, most_of_page, [&storage = storage_, vault, first]() -> Result<HttpResponse> {
    const auto page = storage.keyrings(vault, first, limits::page_bytes);
    if (!page) return page.error();
    return answer(wire::encode(*page));
  })};
}

Result<Outcome> Api::put_keyring(const Caller& caller, const Target& target, const HttpRequest& request) {
  const auto wanted = chain_end(target);
  if (!wanted) return wanted.error();
  auto bytes = Sealed::from_untrusted(request.body);
  return Outcome{write([&storage = storage_, name = caller.account.name, bytes = std::move(bytes), wanted = *wanted] {
    return replace_keyring(storage, name, bytes, wanted);
  })};
}

HttpResponse Api::answer_heads(const VaultId& vault) const {
  const auto heads = storage_.heads(vault);
  return heads ? answer(wire::encode(*heads)) : refusal(heads.error());
}

Result<Outcome> Api::get_heads(const Caller& caller, const Target& target) const {
  auto now = answer_heads(caller.account.vault);
  if (target.parameters.empty()) return Outcome{std::move(now)};
  const auto wait = target.number("wait", static_cast<std::uint64_t>(limits::long_poll.count()));
  const auto known = target.parameters.find("known");
  if (!wait || known == target.parameters.end() || target.parameters.size() != 2) return Errc::usage;
  if (now.status != 200 || known->second != known_of(now.body)) return Outcome{std::move(now)};
  return Outcome{Wait{caller.account.vault, std::chrono::seconds{*wait}}};
}

Result<Outcome> Api::get_chain(const Caller& caller, const DeviceId& device, const Target& target) const {
  const auto from = target.number("from", UINT64_MAX);
  if (!from || target.parameters.size() != 1) return Errc::usage;
  if (auto good = require_device(storage_, caller.account, device); !good) return good.error();
  const auto vault = caller.account.vault;
  return Outcome{
      read(vault, most_of_page, [&storage = storage_, vault, device, from = *from]() -> Result<HttpResponse> {
        const auto page = storage.commits(vault, device, from, limits::page_bytes, limits::page_commits);
        if (!page) return page.error();
        return answer(wire::encode(*page));
      })};
}

Result<Outcome> Api::post_chain(const Caller& caller, const DeviceId& device, const HttpRequest& request) {
  if (!caller.is_device()) return Errc::denied;
  if (auto good = require_device(storage_, caller.account, device); !good) return good.error();
  auto page = wire::decode<wire::CommitPage>(request.body);
  if (!page) return page.error();
  return Outcome{write([&storage = storage_, who = Appender{caller, device}, commits = std::move(page->commits)] {
    return append(storage, who, commits);
  })};
}

// -- Large values

Result<Outcome> Api::get_blob(const Caller& caller, const wire::BlobPath& path) const {
  const auto vault = caller.account.vault;
  const auto most = path.index ? wire::blob_chunk_bytes : most_of_leaves;
  return Outcome{read(vault, most, [&storage = storage_, vault, path] {
    return path.index ? answer_chunk(storage, vault, path) : answer_leaves(storage, vault, path.blob);
  })};
}

Result<Outcome> Api::put_blob(const Caller& caller, const wire::BlobPath& path, const HttpRequest& request) {
  if (!caller.is_device()) return Errc::denied;
  const auto header = read_chunk(caller.account.vault, path, request.body);
  if (!header) return header.error();
  auto bytes = Sealed::from_untrusted(request.body);
  return Outcome{write([&storage = storage_, who = Appender{caller, caller.key}, header = *header,
                        bytes = std::move(bytes)] { return put_chunk(storage, who, header, bytes); })};
}

}  // namespace vault::server
