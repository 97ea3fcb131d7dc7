// SPDX-License-Identifier: Apache-2.0
// Talks to the server: one function for each request of wire/PROTOCOL.md.
//
// A Remote speaks for one key of one account: a device, with its NET key, or the password, with AUTH. It opens sessions
// and signs by itself. Everything it returns is well formed; nothing it returns is believed.
//
// Errors: offline (and the network's own) if there is no answer; auth if the server refuses the key; the class that the
// server names, if the request can have it; tamper for answers that break the protocol, among them server_answer_unfit.
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
  // Signs "vaultd/v1/request" and `message` with Ed25519: RequestSigner or AuthKey of crypto/.
  using Sign = std::function<Signature(BytesView message)>;

  explicit Remote(HttpClient& http, std::string account)
      : http_(http), account_(std::move(account)), who_(std::make_shared<Speaker>()) {}

  // Returns a Remote whose requests end with `patience`. Both share session and key. Requires: `patience` outlives it.
  Remote within(Patience& patience) const;

  // Sets who signs the next requests. Ends the present session.
  void use_key(const VaultId& vault, const wire::KeyId& key, Sign sign);

  asio::awaitable<Result<wire::Prelogin>> prelogin();
  asio::awaitable<Result<void>> create_account(Bytes invitation, Sealed keyring);

  // Makes the account again if it is gone: version 1 of its keyring first, then versions that follow each other.
  asio::awaitable<Result<void>> restore_account(Bytes invitation, std::vector<Sealed> versions);

  asio::awaitable<Result<wire::Heads>> heads();
  // Returns the heads once they differ from `known`, or after `wait`: PROTOCOL.md §5.
  asio::awaitable<Result<wire::Heads>> heads_changed(Hash known, std::chrono::seconds wait);
  // Opens a WebSocket on which the server says when the heads have changed: PROTOCOL.md §5. Errors: class offline if
  // the server could not be asked; any other class if it, or a proxy before it, refused.
  asio::awaitable<Result<WebSocket>> watch();
  asio::awaitable<Result<wire::KeyringPage>> keyring(std::uint32_t from);
  asio::awaitable<Result<wire::CommitPage>> chain(DeviceId device, std::uint64_t from);

  // Stores a keyring version. Errors: conflict if another version is there, or chain `end` does not end where it says;
  // `other` is then the newest version's head.
  asio::awaitable<Result<void>> put_keyring(Sealed keyring, std::optional<wire::KeyringHead>& other,
                                            std::optional<wire::Heads::Chain> end = {});

  // Fetch large values. Errors: not_found.
  asio::awaitable<Result<wire::BlobLeaves>> blob_leaves(BlobId blob);
  asio::awaitable<Result<Sealed>> chunk(BlobId blob, std::uint64_t index);
  // Stores a chunk; `hash` is its SHA-256. Errors: conflict if other bytes are there; limit for the quota.
  asio::awaitable<Result<void>> put_chunk(BlobId blob, std::uint64_t index, Bytes chunk, Hash hash);

  // Appends commits, and returns the head after them. Errors: conflict; `other` is then the stored commit that differs.
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
  asio::awaitable<Result<wire::HttpResponse>> signed_call(Call call);  // once more if the session has ended
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
