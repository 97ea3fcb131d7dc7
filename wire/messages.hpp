// SPDX-License-Identifier: Apache-2.0
// Defines the bodies of requests and answers, one struct for each. wire/PROTOCOL.md §1 and §5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/head.hpp"
#include "base/limits.hpp"
#include "base/sealed.hpp"

namespace vault::wire {

struct KeyringHead {
  std::uint32_t version = 0;
  Hash hash;
  bool operator==(const KeyringHead&) const = default;
};

struct PreloginRequest {
  std::string account;
};
struct Prelogin {
  std::uint8_t suite = 0;
  VaultId vault;
  Seed seed;
};

using KeyId = DeviceId;  // names who opens a session: a device, zeros for AUTH, or sheet_key_id for RAUTH
inline constexpr KeyId sheet_key_id{
    {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};
using SessionId = FixedBytes<struct SessionIdTag, 16>;
using Challenge = FixedBytes<struct ChallengeTag, 32>;

struct SessionRequest {
  std::string account;
  VaultId vault;
  KeyId key;
};
struct Session {
  SessionId id;
  Challenge challenge;
};

struct CreateAccount {
  std::string account;
  Bytes invitation;
  Sealed keyring;            // version 1
  std::vector<Sealed> more;  // later versions, when a repair creates the account; at most limits::account_versions
};

struct KeyringPage {
  KeyringHead head;
  std::vector<Sealed> versions;
};

struct Heads {
  struct Chain {
    DeviceId device;
    Head head;
    bool operator==(const Chain&) const = default;
  };
  KeyringHead keyring;
  std::vector<Chain> chains;  // ascending by device
  bool operator==(const Heads&) const = default;
};

struct CommitPage {
  std::vector<Sealed> commits;
};

// Lists the hashes of a large value's chunks in their order, with zeros for a chunk that the server does not have. Has
// at least one and at most limits::blob_chunks.
struct BlobLeaves {
  std::vector<Hash> leaves;
  bool operator==(const BlobLeaves&) const = default;
};

struct CommitConflict {
  std::uint64_t seq = 0;
  Sealed stored;
};

// Counts how many more objects fit into one request, whose body a client keeps below limits::request_bytes. The largest
// commit, and two keyring versions, always fit.
inline constexpr std::size_t page_count_bytes = 2;
inline constexpr std::size_t account_names_bytes = 1 + limits::account_bytes + 1 + 255;
class RequestRoom {
 public:
  explicit RequestRoom(std::size_t taken) : left_(limits::request_bytes - taken) {}
  bool take(std::size_t object) {
    if (object + length_bytes > left_) return false;
    left_ -= object + length_bytes;
    return true;
  }

 private:
  static constexpr std::size_t length_bytes = 4;
  std::size_t left_;
};
static_assert(account_names_bytes + 2 * (4 + limits::keyring_bytes) <= limits::request_bytes);

Bytes encode(const PreloginRequest&);
Bytes encode(const Prelogin&);
Bytes encode(const SessionRequest&);
Bytes encode(const Session&);
Bytes encode(const CreateAccount&);
Bytes encode(const KeyringPage&);
Bytes encode(const Heads&);
Bytes encode(const CommitPage&);
Bytes encode(const CommitConflict&);
Bytes encode(const BlobLeaves&);
Bytes encode(const KeyringHead&);
Bytes encode(const Head&);

// Decodes the body of one message, as in decode<Heads>(body). Errors: tamper if encode() would not have written `body`,
// or if an account in it is not valid. Allocates nothing that the body does not hold.
template <class Message>
[[nodiscard]] Result<Message> decode(BytesView body);

// Lists what the signature of a request covers after its label. PROTOCOL.md §2.
struct SignedRequest {
  std::string_view origin, account;
  VaultId vault;
  KeyId key;
  std::string_view method, target;
  Hash body;
  Challenge challenge;
  std::uint64_t number = 0;
};
Bytes encode(const SignedRequest&);

// Holds the value of the Authorization header.
struct Authorization {
  SessionId session;
  std::uint64_t number = 0;
  Signature signature;
};
std::string encode(const Authorization&);
[[nodiscard]] Result<Authorization> decode_authorization(std::string_view header);

}  // namespace vault::wire
