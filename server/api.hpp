// SPDX-License-Identifier: Apache-2.0
// Implements the endpoints of wire/PROTOCOL.md over a Storage, without a socket. A request is a value, and its outcome
// is an answer, work for the thread that writes, work beside the loop, or a wait for a change.
//
// begin() and answer_heads() run on one thread, the loop's. They read the storage and never write it. The work of a
// Write runs on the storage's writer thread, that of a Read beside the loop. Neither throws for anything that a client
// can send.
#pragma once

#include <chrono>
#include <functional>
#include <variant>
#include <vector>

#include "http/message.hpp"
#include "server/authenticator.hpp"
#include "server/storage.hpp"
#include "server/target.hpp"
#include "wire/blob_path.hpp"

namespace vault::server {

// Returns the most bytes that the body of a request to `target` may have.
std::size_t body_limit(std::string_view target);

enum class Registration { open, invite, closed };

struct ApiOptions {
  Registration registration = Registration::open;
  std::function<Time()> now = [] { return std::chrono::steady_clock::now(); };
};

struct Write {
  std::function<wire::HttpResponse()> work;  // owns what it needs, except the storage
};

// Reads something large, which may take the disk's time. Run it on any thread but the loop's.
struct Read {
  VaultId vault;
  std::size_t most = 0;                      // bytes of the answer's body
  std::function<wire::HttpResponse()> work;  // owns what it needs, except the storage
};

// Says that the client knows the present heads of `vault`. It waits at most `most` for others.
struct Wait {
  VaultId vault;
  std::chrono::seconds most;
};

using Outcome = std::variant<wire::HttpResponse, Write, Read, Wait>;

class Api {
 public:
  // Reads the server's secret; throws if it cannot. Requires: `storage` outlives this object.
  Api(Storage& storage, ApiOptions options);

  // Sets the origins of requests: see Authenticator. Until then every signed request is refused.
  void accept_origins(const std::vector<wire::Origin>& origins) { authenticator_.accept_origins(origins); }

  std::size_t sessions() const { return authenticator_.sessions(); }

  bool is_known(std::string_view authorization) const { return authenticator_.is_known(authorization); }

  Outcome begin(const wire::HttpRequest& request);
  wire::HttpResponse answer_heads(const VaultId& vault) const;

  // Returns who asks to watch, if `request` is a valid, signed GET /v1/watch; else the answer.
  std::variant<wire::HttpResponse, Caller> begin_watch(const wire::HttpRequest& request);
  bool is_welcome(const Caller& caller) const { return authenticator_.is_welcome(caller); }
  // Returns the notice of the present heads; empty if they cannot be read.
  Bytes notice(const VaultId& vault) const;

  // Answers at once: runs the work, and answers a wait with the present state. For callers with one thread.
  wire::HttpResponse handle(const wire::HttpRequest& request);

 private:
  Result<Outcome> route(const wire::HttpRequest& request);
  Result<Outcome> route_signed(const wire::HttpRequest& request, const Target& target);
  Result<Outcome> prelogin(const wire::HttpRequest& request) const;
  Result<Outcome> open_session(const wire::HttpRequest& request);
  Result<Outcome> create_account(const wire::HttpRequest& request);
  Result<Outcome> get_keyring(const Caller& caller, const Target& target) const;
  Result<Outcome> put_keyring(const Caller& caller, const Target& target, const wire::HttpRequest& request);
  Result<Outcome> get_heads(const Caller& caller, const Target& target) const;
  Result<Outcome> get_chain(const Caller& caller, const DeviceId& device, const Target& target) const;
  Result<Outcome> post_chain(const Caller& caller, const DeviceId& device, const wire::HttpRequest& request);
  Result<Outcome> get_blob(const Caller& caller, const wire::BlobPath& path) const;
  Result<Outcome> put_blob(const Caller& caller, const wire::BlobPath& path, const wire::HttpRequest& request);

  Storage& storage_;
  Registration registration_;
  ServerSecret secret_;
  Authenticator authenticator_;
};

}  // namespace vault::server
