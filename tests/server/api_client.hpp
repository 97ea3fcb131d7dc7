// SPDX-License-Identifier: Apache-2.0
// People, their devices and what they would send: keyring versions and commits whose public parts and signatures
// are right, around bytes that no key would open. The server cannot tell.
#pragma once

#include <string>

#include "crypto/sign.hpp"
#include "http/message.hpp"
#include "server/api.hpp"
#include "wire/blob_chunk.hpp"
#include "wire/commit_header.hpp"
#include "wire/keyring_header.hpp"
#include "wire/messages.hpp"

namespace vault::tests {

crypto::AuthKey auth_key(std::uint8_t n);
crypto::RecoveryAuthKey recovery_key(std::uint8_t n);
crypto::RequestSigner net_key(std::uint8_t n);
crypto::CommitSigner sig_key(std::uint8_t n);
DeviceId device_id(std::uint8_t n);

// The public part of version 1 for `account`, with device 1; password number `auth`.
wire::KeyringHeader first_header(const std::string& account, std::uint8_t auth);
// The public part that would follow a whole version unchanged.
wire::KeyringHeader next_header(const Bytes& keyring);
// A slot of a kind as it would be made in this version, around bytes that no key would open.
Sealed make_slot(const wire::KeyringHeader& header, std::uint8_t kind, const DeviceId& recipient = {});
void add_device(wire::KeyringHeader& header, std::uint8_t n);
// A new vault key, for all that are active; and one for all but device `n`.
void new_key(wire::KeyringHeader& header);
void revoke(wire::KeyringHeader& header, std::uint8_t n);
void set_password(wire::KeyringHeader& header, std::uint8_t auth);
void set_sheet(wire::KeyringHeader& header, std::uint8_t sheet);

enum class Second { none, previous, recovery };
// A whole version: signed by password `auth`, and by `second`'s key number `with`.
Bytes make_keyring(wire::KeyringHeader header, std::uint8_t auth, Second second = Second::none, std::uint8_t with = 0,
                   std::size_t frame = 32);

// A whole version of one signature, signed anew by password `auth` after a change.
Bytes sign_keyring(Bytes keyring, std::uint8_t auth);

// A commit of device `n` after `prev`, signed by it, naming the keyring version given; `salt` makes others of it.
Bytes make_commit(const Bytes& keyring, std::uint8_t n, std::uint64_t seq, const Hash& prev, std::uint8_t salt = 0,
                  std::size_t frame = 256);
void sign_commit(Bytes& commit, std::uint8_t n);  // anew, after a change
// Commits first to last of a chain that begins at the keyring version given.
std::vector<Sealed> make_chain(const Bytes& keyring, std::uint8_t n, std::uint64_t first, std::uint64_t last,
                               std::uint8_t salt = 0, std::size_t frame = 256);

// A chunk of a blob as device `n` would seal it: full, unless it is the last.
BlobId blob_id(std::uint8_t n);
wire::BlobChunkHeader chunk_header(const VaultId& vault, std::uint8_t n, const BlobId& blob, std::uint64_t index,
                                   std::uint64_t count);
Bytes make_chunk(const wire::BlobChunkHeader& header, std::uint8_t salt = 0);

// One who signs requests: a device, a password, or a sheet.
struct Signing {
  std::string origin = "http://127.0.0.1:8080";
  std::string account;
  VaultId vault;
  wire::KeyId key;  // zeros: password `number`; wire::sheet_key_id: sheet `number`; else device `number`
  std::uint8_t number = 1;
  wire::Session session;
  std::uint64_t last = 0;

  wire::HttpRequest sign(const std::string& method, const std::string& target, Bytes body = {});
  // With this number instead of the next one.
  wire::HttpRequest sign_as(std::uint64_t rising, const std::string& method, const std::string& target,
                            Bytes body = {}) const;
};

wire::HttpRequest plain(const std::string& method, const std::string& target, Bytes body = {});
std::string error_of(const wire::HttpResponse& response);  // the Vaultd-Error header, "" without one

}  // namespace vault::tests
