// SPDX-License-Identifier: Apache-2.0
#include "daemon/remote/remote.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "http/errc.hpp"
#include "wire/blob_path.hpp"
#include "wire/errc.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds deadline() {
  return std::chrono::seconds{crypto::seams::amount("request.seconds", limits::request_deadline.count())};
}

// True if a server may answer our requests with this class. Any other is treated as the server's own trouble: it must
// not make a device distrust it, take itself for a clone, or say anything about this machine.
bool is_a_servers(Errc code) {
  switch (code) {
    case Errc::auth:
    case Errc::tamper:
    case Errc::gap:
    case Errc::limit:
    case Errc::conflict:
    case Errc::denied:
    case Errc::not_found:
    case Errc::usage:
    case Errc::busy:
      return true;
    default:
      return false;
  }
}

// List what the server may answer to each request; wire/PROTOCOL.md §1 has the same table. Any other class would tell a
// person about something they did not ask for: that an item is missing, or that somebody else wrote.
using Answers = std::span<const Errc>;
constexpr std::array to_anybody{Errc::busy};
constexpr std::array to_account{Errc::denied, Errc::conflict, Errc::limit, Errc::busy};
constexpr std::array to_read{Errc::auth, Errc::busy};  // also to begin a session
constexpr std::array to_keyring{Errc::auth, Errc::conflict, Errc::limit, Errc::busy};
constexpr std::array to_append{Errc::auth, Errc::denied, Errc::conflict, Errc::gap, Errc::limit, Errc::busy};
constexpr std::array to_blob{Errc::auth, Errc::not_found, Errc::busy};
constexpr std::array to_chunk{Errc::auth, Errc::conflict, Errc::limit, Errc::busy};

// Returns the error for an answer other than 200.
boost::system::error_code refusal(const wire::HttpResponse& answer, Answers may) {
  const auto* kind = answer.headers.find("Vaultd-Error");
  const auto* row = kind != nullptr ? error_class_named(*kind) : nullptr;
  if (row == nullptr || !is_a_servers(row->code)) return DaemonErrc::server_error;
  if (std::ranges::find(may, row->code) == may.end()) return DaemonErrc::server_answer_unfit;
  return row->code;
}

Result<void> taken(const Result<wire::HttpResponse>& answer, Answers may) {
  if (!answer) return answer.error();
  return answer->status == 200 ? Result<void>{} : refusal(*answer, may);
}

template <class Message>
Result<Message> read(const Result<wire::HttpResponse>& answer, Answers may) {
  if (const auto good = taken(answer, may); !good) return good.error();
  auto message = wire::decode<Message>(answer->body);
  if (!message) return HttpErrc::server_answer_bad;
  return message;
}

std::string chain_path(const DeviceId& device) { return "/v1/chain/" + hex(device); }

}  // namespace

void Remote::use_key(const VaultId& vault, const wire::KeyId& key, Sign sign) {
  *who_ = {.vault = vault, .key = key, .sign = std::move(sign), .session = {}};
}

Remote Remote::within(Patience& patience) const {
  Remote out{*this};
  out.patience_ = &patience;
  return out;
}

asio::awaitable<Result<wire::HttpResponse>> Remote::send(wire::HttpRequest request,
                                                         std::chrono::milliseconds deadline) {
  auto sending = http_.send(std::move(request), deadline, limits::body_bytes);
  if (patience_ == nullptr) co_return co_await std::move(sending);
  co_return co_await patience_->within(std::move(sending));
}

asio::awaitable<Result<wire::HttpResponse>> Remote::open(Call call) {
  wire::HttpRequest request{.method = call.method, .target = call.target, .body = std::move(call.body)};
  co_return co_await send(std::move(request), call.deadline);
}

asio::awaitable<Result<void>> Remote::begin_session() {
  auto body = encode(wire::SessionRequest{account_, who_->vault, who_->key});
  Call call{"POST", "/v1/session", std::move(body), deadline()};
  const auto session = read<wire::Session>(co_await open(std::move(call)), to_read);
  if (!session) co_return session.error();
  who_->session = *session;
  who_->number = 0;
  co_return Result<void>{};
}

asio::awaitable<Result<wire::HttpRequest>> Remote::sign(Call call) {
  if (!who_->session)
    if (const auto begun = co_await begin_session(); !begun) co_return begun.error();
  const auto number = ++who_->number;
  const auto body_hash = call.body_hash ? *call.body_hash : crypto::sha256(call.body);
  const auto& origin = http_.origin().text();
  const auto message = encode(wire::SignedRequest{origin, account_, who_->vault, who_->key, call.method, call.target,
                                                  body_hash, who_->session->challenge, number});
  const wire::Authorization authorization{who_->session->id, number, who_->sign(message)};
  wire::HttpRequest request{.method = call.method, .target = call.target, .body = std::move(call.body)};
  request.headers.push_back({"Authorization", encode(authorization)});
  co_return request;
}

asio::awaitable<Result<wire::HttpResponse>> Remote::sign_and_send(Call call, wire::SessionId& session) {
  const auto time = call.deadline;
  auto request = co_await sign(std::move(call));
  if (!request) co_return request.error();
  session = who_->session->id;
  co_return co_await send(std::move(*request), time);
}

// Forgets the session, unless another request has begun a new one meanwhile.
void Remote::end_session(const wire::SessionId& session) {
  if (who_->session && who_->session->id == session) who_->session.reset();
}

// Sends a request. If the session has ended, begins a new one, once; one that is refused is not used again.
asio::awaitable<Result<wire::HttpResponse>> Remote::signed_call(Call call) {
  const bool kept = who_->session.has_value();
  wire::SessionId session;
  auto answer = co_await sign_and_send(call, session);
  if (!answer || answer->status != 401) co_return answer;
  end_session(session);
  if (!kept) co_return answer;
  auto again = co_await sign_and_send(std::move(call), session);
  if (again && again->status == 401) end_session(session);
  co_return again;
}

asio::awaitable<Result<WebSocket>> Remote::watch() {
  boost::system::error_code error = Errc::auth;
  for (int tries = 0; tries < 2 && error == Errc::auth; ++tries) {
    const Call call{"GET", "/v1/watch", {}, deadline()};
    auto request = co_await sign(call);
    if (!request) co_return request.error();
    const auto session = who_->session->id;
    auto opened = co_await http_.upgrade(std::move(*request), deadline());
    if (!opened) co_return opened.error();
    if (auto* socket = std::get_if<WebSocket>(&*opened)) co_return std::move(*socket);
    const auto& answer = std::get<wire::HttpResponse>(*opened);
    error = answer.status == 401 ? make_error_code(Errc::auth) : refusal(answer, to_read);
    if (answer.status == 401) end_session(session);
  }
  co_return class_of(error) == Errc::offline ? make_error_code(HttpErrc::server_answer_bad) : error;
}

asio::awaitable<Result<wire::Prelogin>> Remote::prelogin() {
  auto body = encode(wire::PreloginRequest{account_});
  Call call{"POST", "/v1/prelogin", std::move(body), deadline()};
  co_return read<wire::Prelogin>(co_await open(std::move(call)), to_anybody);
}

asio::awaitable<Result<void>> Remote::create_account(Bytes invitation, Sealed keyring) {
  std::vector<Sealed> first{std::move(keyring)};
  return restore_account(std::move(invitation), std::move(first));
}

asio::awaitable<Result<void>> Remote::restore_account(Bytes invitation, std::vector<Sealed> versions) {
  wire::CreateAccount message{account_, std::move(invitation), std::move(versions.front()), {}};
  std::move(versions.begin() + 1, versions.end(), std::back_inserter(message.more));
  auto body = encode(message);
  Call call{"POST", "/v1/account", std::move(body), deadline()};
  co_return taken(co_await open(std::move(call)), to_account);
}

asio::awaitable<Result<wire::Heads>> Remote::heads() {
  Call call{"GET", "/v1/heads", {}, deadline()};
  co_return read<wire::Heads>(co_await signed_call(std::move(call)), to_read);
}

asio::awaitable<Result<wire::Heads>> Remote::heads_changed(Hash known, std::chrono::seconds wait) {
  auto target = "/v1/heads?wait=" + std::to_string(wait.count()) + "&known=" + hex(known.view().first(16));
  Call call{"GET", std::move(target), {}, wait + 10s};
  co_return read<wire::Heads>(co_await signed_call(std::move(call)), to_read);
}

asio::awaitable<Result<wire::KeyringPage>> Remote::keyring(std::uint32_t from) {
  auto target = "/v1/keyring?from=" + std::to_string(from);
  Call call{"GET", std::move(target), {}, deadline()};
  co_return read<wire::KeyringPage>(co_await signed_call(std::move(call)), to_read);
}

asio::awaitable<Result<wire::CommitPage>> Remote::chain(DeviceId device, std::uint64_t from) {
  auto target = chain_path(device) + "?from=" + std::to_string(from);
  Call call{"GET", std::move(target), {}, deadline()};
  co_return read<wire::CommitPage>(co_await signed_call(std::move(call)), to_read);
}

asio::awaitable<Result<void>> Remote::put_keyring(Sealed keyring, std::optional<wire::KeyringHead>& other,
                                                  std::optional<wire::Heads::Chain> end) {
  Bytes body(keyring.view().begin(), keyring.view().end());
  std::string target = "/v1/keyring";
  if (end)
    target += "?chain=" + hex(end->device) + "&head=" + std::to_string(end->head.seq) + "-" + hex(end->head.hash);
  Call call{"PUT", std::move(target), std::move(body), deadline()};
  const auto answer = co_await signed_call(std::move(call));
  const auto done = taken(answer, to_keyring);
  if (done || done.error() != Errc::conflict) co_return done;
  const auto head = wire::decode<wire::KeyringHead>(answer->body);
  if (!head) co_return HttpErrc::server_answer_bad;
  other = *head;
  co_return done;
}

asio::awaitable<Result<wire::BlobLeaves>> Remote::blob_leaves(BlobId blob) {
  Call call{"GET", wire::to_path({blob, std::nullopt}), {}, deadline()};
  co_return read<wire::BlobLeaves>(co_await signed_call(std::move(call)), to_blob);
}

asio::awaitable<Result<Sealed>> Remote::chunk(BlobId blob, std::uint64_t index) {
  Call call{"GET", wire::to_path({blob, index}), {}, deadline()};
  auto answer = co_await signed_call(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status != 200) co_return refusal(*answer, to_blob);
  co_return Sealed::from_untrusted(std::move(answer->body));
}

asio::awaitable<Result<void>> Remote::put_chunk(BlobId blob, std::uint64_t index, Bytes chunk, Hash hash) {
  Call call{"PUT", wire::to_path({blob, index}), std::move(chunk), deadline(), hash};
  co_return taken(co_await signed_call(std::move(call)), to_chunk);
}

asio::awaitable<Result<Head>> Remote::append(DeviceId device, std::vector<Sealed> commits,
                                             std::optional<wire::CommitConflict>& other) {
  auto body = encode(wire::CommitPage{std::move(commits)});
  Call call{"POST", chain_path(device), std::move(body), deadline()};
  const auto answer = co_await signed_call(std::move(call));
  auto head = read<Head>(answer, to_append);
  if (!head && head.error() == Errc::denied) co_return WireErrc::commit_unsigned;
  if (head || head.error() != Errc::conflict) co_return head;
  auto conflict = wire::decode<wire::CommitConflict>(answer->body);
  if (!conflict) co_return HttpErrc::server_answer_bad;
  other = std::move(*conflict);
  co_return head;
}

}  // namespace vault::daemon
