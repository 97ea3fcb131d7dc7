// SPDX-License-Identifier: Apache-2.0
// The server, as the rest of the daemon sees it: the requests of wire/PROTOCOL.md, one function each.
//
// A Remote speaks for one key of one account: a device, with its NET key, or AUTH, the password's. It opens
// sessions and signs by itself. Everything it returns is well formed and nothing it returns is believed.
//
// Errors: offline (and whatever the network says) when there is no answer; auth when the server refuses the key; the
// class that the server names, for refusals that the request can have; tamper for answers that are not as the protocol
// says, server_answer_unfit among them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "daemon/os/patience.hpp"
#include "http/client.hpp"
#include "wire/messages.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

class Remote {
 public:
  // Ed25519 over "vaultd/v1/request" and the bytes given: RequestSigner or AuthKey of crypto/.
  using Sign = std::function<Signature(BytesView message)>;

  explicit Remote(HttpClient& http, std::string account)
      : http_(http), account_(std::move(account)), who_(std::make_shared<Speaker>()) {}

  // The same, for requests that end with the patience, which outlives it: a session and its key are common to both.
  Remote within(Patience& patience) const;

  // Who the next requests are signed by. Ends the present session.
  void use_key(const VaultId& vault, const wire::KeyId& key, Sign sign);

  asio::awaitable<Result<wire::Prelogin>> prelogin();
  asio::awaitable<Result<void>> create_account(Bytes invitation, Sealed keyring);

  // The account, made again where it is gone: version 1 of its keyring first, then some that follow each other.
  asio::awaitable<Result<void>> restore_account(Bytes invitation, std::vector<Sealed> versions);

  asio::awaitable<Result<wire::Heads>> heads();
  // The heads once they differ from `known`, or after the wait: PROTOCOL.md §5.
  asio::awaitable<Result<wire::Heads>> heads_changed(Hash known, std::chrono::seconds wait);
  // A WebSocket on which the server says when the heads have changed: PROTOCOL.md §5. Errors: of class offline when it
  // could not be asked, any other when it, or whoever stands before it, would not.
  asio::awaitable<Result<WebSocket>> watch();
  asio::awaitable<Result<wire::KeyringPage>> keyring(std::uint32_t from);
  asio::awaitable<Result<wire::CommitPage>> chain(DeviceId device, std::uint64_t from);

  // Conflict: another version is there, or the chain that is named does not end where it should. The newest version's
  // head is in `other` afterwards.
  asio::awaitable<Result<void>> put_keyring(Sealed keyring, std::optional<wire::KeyringHead>& other,
                                            std::optional<wire::Heads::Chain> end = {});

  // Of large values. Errors: not_found for what is not there.
  asio::awaitable<Result<wire::BlobLeaves>> blob_leaves(BlobId blob);
  asio::awaitable<Result<Sealed>> chunk(BlobId blob, std::uint64_t index);
  // `hash` is SHA-256 of the chunk. Conflict: other bytes are there; limit: the quota.
  asio::awaitable<Result<void>> put_chunk(BlobId blob, std::uint64_t index, Bytes chunk, Hash hash);

  // The head after it. Conflict: the stored commit that differs is in `other` afterwards.
  asio::awaitable<Result<Head>> append(DeviceId device, std::vector<Sealed> commits,
                                       std::optional<wire::CommitConflict>& other);

 private:
  struct Call {
    std::string method, target;
    Bytes body;
    std::chrono::milliseconds deadline;
    std::optional<Hash> body_hash = {};  // if it is known
  };
  struct Speaker {
    VaultId vault;
    wire::KeyId key;
    Sign sign;
    std::optional<wire::Session> session;
    std::uint64_t number = 0;  // the last one used in the session
  };
  asio::awaitable<Result<wire::HttpResponse>> send(wire::HttpRequest request, std::chrono::milliseconds deadline);
  asio::awaitable<Result<wire::HttpResponse>> open(Call call);         // unsigned
  asio::awaitable<Result<wire::HttpResponse>> signed_call(Call call);  // with one new session if the old one ended
  asio::awaitable<Result<wire::HttpResponse>> sign_and_send(Call call, wire::SessionId& session);
  asio::awaitable<Result<wire::HttpRequest>> sign(Call call);  // in the present session, or a new one
  void end_session(const wire::SessionId& session);
  asio::awaitable<Result<void>> begin_session();

  HttpClient& http_;
  std::string account_;
  std::shared_ptr<Speaker> who_;
  Patience* patience_ = nullptr;
};

}  // namespace vault::daemon
