// SPDX-License-Identifier: Apache-2.0
#include "tests/server/api_client.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/keyring_trailer.hpp"
#include "crypto/signer_access.hpp"
#include "crypto/verify.hpp"
#include "wire/seal_header.hpp"

namespace vault::tests {
namespace {

template <class Key>
Key key_from(std::uint8_t kind, std::uint8_t n) {
  Bytes seed(32, kind);
  seed[0] = n;
  return crypto::SignerAccess::from_seed<Key>(Secret::copy_of(seed));
}

void add_signature(ByteWriter& out, crypto::KeyringRole role, const Signature& signature) {
  out.u8(static_cast<std::uint8_t>(role)).fixed(signature);
}

}  // namespace

crypto::AuthKey auth_key(std::uint8_t n) { return key_from<crypto::AuthKey>(1, n); }
crypto::RecoveryAuthKey recovery_key(std::uint8_t n) { return key_from<crypto::RecoveryAuthKey>(2, n); }
crypto::RequestSigner net_key(std::uint8_t n) { return key_from<crypto::RequestSigner>(3, n); }
crypto::CommitSigner sig_key(std::uint8_t n) { return key_from<crypto::CommitSigner>(4, n); }

DeviceId device_id(std::uint8_t n) {
  DeviceId id;
  id.raw.fill(n);
  return id;
}

wire::KeyringHeader first_header(const std::string& account, std::uint8_t auth) {
  wire::KeyringHeader header;
  header.suite = 1;
  const auto id = crypto::sha256(bytes_of(account));
  header.vault = VaultId::from(id.view().first(16));
  header.author = device_id(1);
  header.version = 1;
  header.generation = 1;
  header.account = account;
  header.password_slot = make_slot(header, 17);
  set_password(header, auth);
  add_device(header, 1);
  return header;
}

wire::KeyringHeader next_header(const Bytes& keyring) {
  auto header = wire::decode_keyring_header(keyring).value().header;
  ++header.version;
  header.prev = crypto::keyring_hash(keyring);
  header.device_slots.clear();
  return header;
}

Sealed make_slot(const wire::KeyringHeader& header, std::uint8_t kind, const DeviceId& recipient) {
  const std::size_t more = kind == 17 ? 0 : kind == 18 ? 32 : 48;  // of hdr0
  const auto total = static_cast<std::uint32_t>(64 + more + 64 + 32 + 16);
  ByteWriter out;
  wire::encode(out, {header.suite, kind, header.vault, header.author, 0, 1, total});
  out.u32(header.version).u32(header.generation);
  if (kind == 19) out.fixed(recipient);
  auto bytes = out.take();
  bytes.resize(total, 0x66);
  return Sealed::from_untrusted(bytes);
}

void new_key(wire::KeyringHeader& header) {
  ++header.generation;
  header.password_slot = make_slot(header, 17);
  if (!header.recovery_slot.empty()) header.recovery_slot = make_slot(header, 18);
  header.device_slots.clear();
  for (const auto& device : header.devices)
    if (device.may_write) header.device_slots.push_back({device.id, make_slot(header, 19, device.id)});
}

void revoke(wire::KeyringHeader& header, std::uint8_t n) {
  std::ranges::find(header.devices, device_id(n), &wire::PublicDevice::id)->may_write = false;
  new_key(header);
}

void add_device(wire::KeyringHeader& header, std::uint8_t n) {
  header.devices.push_back({device_id(n), net_key(n).public_key(), sig_key(n).public_key(), true});
}

void set_password(wire::KeyringHeader& header, std::uint8_t auth) {
  header.auth = auth_key(auth).public_key();
  header.seed.raw.fill(auth);
}

void set_sheet(wire::KeyringHeader& header, std::uint8_t sheet) {
  header.recovery_auth = recovery_key(sheet).public_key();
  header.recovery_slot = make_slot(header, 18);
}

Bytes make_keyring(wire::KeyringHeader header, std::uint8_t auth, Second second, std::uint8_t with, std::size_t frame) {
  header.segments = static_cast<std::uint32_t>((frame + 16383) / 16384);
  const auto size = wire::encode(header).size() + 64 + frame + header.segments * 16;
  header.total = static_cast<std::uint32_t>(size + crypto::keyring_trailer_size(second == Second::none ? 1 : 2));
  ByteWriter out;
  out.raw(wire::encode(header)).raw(Bytes(size - wire::encode(header).size(), 0x55)).fixed(Hash{});
  const auto prefix = out.bytes();
  out.u8(second == Second::none ? 1 : 2);
  add_signature(out, crypto::KeyringRole::own, auth_key(auth).sign_keyring(prefix));
  if (second == Second::previous)
    add_signature(out, crypto::KeyringRole::previous, auth_key(with).sign_keyring(prefix));
  if (second == Second::recovery)
    add_signature(out, crypto::KeyringRole::recovery, recovery_key(with).sign_keyring(prefix));
  return out.take();
}

Bytes sign_keyring(Bytes keyring, std::uint8_t auth) {
  const auto signature = auth_key(auth).sign_keyring(BytesView{keyring}.first(keyring.size() - 66));
  std::ranges::copy(signature.raw, keyring.end() - 64);
  return keyring;
}

Bytes make_commit(const Bytes& keyring, std::uint8_t n, std::uint64_t seq, const Hash& prev, std::uint8_t salt,
                  std::size_t frame) {
  const auto named = wire::decode_keyring_header(keyring).value().header;
  wire::CommitHeader header;
  header.suite = 1;
  header.kind = seq == 1 ? wire::CommitKind::epoch : wire::CommitKind::data;
  header.vault = named.vault;
  header.device = device_id(n);
  header.counter = seq;
  header.segments = static_cast<std::uint32_t>((frame + 16383) / 16384);
  header.total = static_cast<std::uint32_t>(wire::commit_fixed_bytes + frame + header.segments * 16);
  header.epoch = 1;
  header.seq = seq;
  header.keyring_version = named.version;
  header.keyring_hash = crypto::keyring_hash(keyring);
  header.prev = prev;
  auto bytes = wire::encode(header);
  bytes.resize(header.total, salt);
  sign_commit(bytes, n);
  return bytes;
}

void sign_commit(Bytes& commit, std::uint8_t n) {
  const auto sealed = BytesView{commit}.first(commit.size() - crypto::signature_bytes);
  const auto signature = crypto::SignerAccess::sign_commit(sig_key(n), crypto::sha256(sealed).view());
  std::ranges::copy(signature.raw, commit.end() - crypto::signature_bytes);
}

std::vector<Sealed> make_chain(const Bytes& keyring, std::uint8_t n, std::uint64_t first, std::uint64_t last,
                               std::uint8_t salt, std::size_t frame) {
  std::vector<Sealed> out;
  auto prev = crypto::keyring_hash(keyring);
  for (std::uint64_t seq = 1; seq <= last; ++seq) {
    const auto commit = make_commit(keyring, n, seq, prev, salt, frame);
    prev = crypto::commit_hash(commit);
    if (seq >= first) out.push_back(Sealed::from_untrusted(commit));
  }
  return out;
}

BlobId blob_id(std::uint8_t n) {
  BlobId id;
  id.raw.fill(n);
  return id;
}

wire::BlobChunkHeader chunk_header(const VaultId& vault, std::uint8_t n, const BlobId& blob, std::uint64_t index,
                                   std::uint64_t count) {
  const bool full = index + 1 < count;
  const std::uint32_t small = wire::blob_chunk_header_bytes + 64 + 256 + 16;
  return {.suite = 1,
          .vault = vault,
          .device = device_id(n),
          .blob = blob,
          .segments = full ? static_cast<std::uint32_t>(limits::chunk_bytes / limits::segment_bytes) : 1u,
          .total = full ? static_cast<std::uint32_t>(wire::blob_chunk_bytes) : small,
          .index = index,
          .count = count};
}

Bytes make_chunk(const wire::BlobChunkHeader& header, std::uint8_t salt) {
  auto bytes = wire::encode(header);
  bytes.resize(header.total, salt);
  return bytes;
}

wire::HttpRequest Signing::sign(const std::string& method, const std::string& target, Bytes body) {
  return sign_as(++last, method, target, std::move(body));
}

wire::HttpRequest Signing::sign_as(std::uint64_t rising, const std::string& method, const std::string& target,
                                   Bytes body) const {
  const wire::SignedRequest message{
      origin, account, vault, key, method, target, crypto::sha256(body), session.challenge, rising};
  const auto bytes = wire::encode(message);
  const auto signature = key.is_zero()               ? auth_key(number).sign_request(bytes)
                         : key == wire::sheet_key_id ? recovery_key(number).sign_request(bytes)
                                                     : net_key(number).sign_request(bytes);
  auto request = plain(method, target, std::move(body));
  request.headers.push_back({"Authorization", wire::encode(wire::Authorization{session.id, rising, signature})});
  return request;
}

wire::HttpRequest plain(const std::string& method, const std::string& target, Bytes body) {
  wire::HttpRequest request;
  request.method = method;
  request.target = target;
  request.body = std::move(body);
  return request;
}

std::string error_of(const wire::HttpResponse& response) {
  const auto* kind = response.headers.find("Vaultd-Error");
  return kind != nullptr ? *kind : "";
}

}  // namespace vault::tests
