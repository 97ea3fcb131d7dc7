// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "wire/keyring_header.hpp"

namespace vault::wire {
namespace {

constexpr std::string_view scheme = "Vaultd ";

template <class Message>
Result<Message> finish(const ByteReader& in, Message message) {
  if (!in.done()) return Errc::tamper;
  return message;
}

std::string read_account(ByteReader& in) {
  std::string account{text_of(in.var8())};
  if (!is_account(account)) in.fail();
  return account;
}

void write_list(ByteWriter& out, const std::vector<Sealed>& list) {
  out.u16(static_cast<std::uint16_t>(list.size()));
  for (const auto& sealed : list) out.var32(sealed.view());
}

std::vector<Sealed> read_list(ByteReader& in, std::size_t most) {
  std::vector<Sealed> list;
  const auto count = in.u16();
  if (count > most) in.fail();
  for (int i = 0; i < count && in.ok(); ++i) {
    const auto bytes = in.var32();
    if (in.ok()) list.push_back(Sealed::from_untrusted(bytes));
  }
  return list;
}

KeyringHead read_keyring_head(ByteReader& in) {
  KeyringHead head{.version = in.u32(), .hash = in.fixed<Hash>()};
  if (head.version == 0) in.fail();
  return head;
}

}  // namespace

Bytes encode(const PreloginRequest& m) { return ByteWriter{}.var8(bytes_of(m.account)).take(); }
Bytes encode(const Prelogin& m) { return ByteWriter{}.u8(m.suite).fixed(m.vault).fixed(m.seed).take(); }
Bytes encode(const SessionRequest& m) {
  return ByteWriter{}.var8(bytes_of(m.account)).fixed(m.vault).fixed(m.key).take();
}
Bytes encode(const Session& m) { return ByteWriter{}.fixed(m.id).fixed(m.challenge).take(); }
Bytes encode(const CreateAccount& m) {
  ByteWriter out;
  out.var8(bytes_of(m.account)).var8(m.invitation).var32(m.keyring.view());
  for (const auto& version : m.more) out.var32(version.view());
  return out.take();
}
Bytes encode(const KeyringHead& m) { return ByteWriter{}.u32(m.version).fixed(m.hash).take(); }
Bytes encode(const Head& m) { return ByteWriter{}.u64(m.seq).fixed(m.hash).take(); }
Bytes encode(const CommitConflict& m) { return ByteWriter{}.u64(m.seq).var32(m.stored.view()).take(); }

Bytes encode(const KeyringPage& m) {
  ByteWriter out;
  out.raw(encode(m.head));
  write_list(out, m.versions);
  return out.take();
}

Bytes encode(const CommitPage& m) {
  ByteWriter out;
  write_list(out, m.commits);
  return out.take();
}

Bytes encode(const BlobLeaves& m) {
  ByteWriter out;
  out.u64(m.leaves.size());
  for (const auto& leaf : m.leaves) out.fixed(leaf);
  return out.take();
}

Bytes encode(const Heads& m) {
  ByteWriter out;
  out.raw(encode(m.keyring)).u16(static_cast<std::uint16_t>(m.chains.size()));
  for (const auto& chain : m.chains) out.fixed(chain.device).raw(encode(chain.head));
  return out.take();
}

template <>
Result<PreloginRequest> decode<PreloginRequest>(BytesView body) {
  ByteReader in{body};
  PreloginRequest m{read_account(in)};
  return finish(in, std::move(m));
}

template <>
Result<Prelogin> decode<Prelogin>(BytesView body) {
  ByteReader in{body};
  Prelogin m{.suite = in.u8(), .vault = in.fixed<VaultId>(), .seed = in.fixed<Seed>()};
  return finish(in, m);
}

template <>
Result<SessionRequest> decode<SessionRequest>(BytesView body) {
  ByteReader in{body};
  SessionRequest m{.account = read_account(in), .vault = in.fixed<VaultId>(), .key = in.fixed<KeyId>()};
  return finish(in, std::move(m));
}

template <>
Result<Session> decode<Session>(BytesView body) {
  ByteReader in{body};
  Session m{.id = in.fixed<SessionId>(), .challenge = in.fixed<Challenge>()};
  return finish(in, m);
}

template <>
Result<CreateAccount> decode<CreateAccount>(BytesView body) {
  ByteReader in{body};
  CreateAccount m;
  m.account = read_account(in);
  const auto invitation = in.var8();
  m.invitation.assign(invitation.begin(), invitation.end());
  m.keyring = Sealed::from_untrusted(in.var32());
  while (in.ok() && in.left() > 0 && m.more.size() < limits::account_versions)
    m.more.push_back(Sealed::from_untrusted(in.var32()));
  return finish(in, std::move(m));
}

template <>
Result<KeyringHead> decode<KeyringHead>(BytesView body) {
  ByteReader in{body};
  auto m = read_keyring_head(in);
  return finish(in, m);
}

template <>
Result<Head> decode<Head>(BytesView body) {
  ByteReader in{body};
  Head m{.seq = in.u64(), .hash = in.fixed<Hash>()};
  return finish(in, m);
}

template <>
Result<KeyringPage> decode<KeyringPage>(BytesView body) {
  ByteReader in{body};
  KeyringPage m;
  m.head = read_keyring_head(in);
  m.versions = read_list(in, 65535);
  return finish(in, std::move(m));
}

template <>
Result<CommitPage> decode<CommitPage>(BytesView body) {
  ByteReader in{body};
  CommitPage m;
  m.commits = read_list(in, limits::page_commits);
  return finish(in, std::move(m));
}

template <>
Result<CommitConflict> decode<CommitConflict>(BytesView body) {
  ByteReader in{body};
  CommitConflict m{.seq = in.u64(), .stored = Sealed::from_untrusted(in.var32())};
  return finish(in, std::move(m));
}

template <>
Result<BlobLeaves> decode<BlobLeaves>(BytesView body) {
  ByteReader in{body};
  const auto count = in.u64();
  if (!in.ok() || count == 0 || count > limits::blob_chunks || in.left() != count * Hash::size) return Errc::tamper;
  BlobLeaves m;
  m.leaves.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) m.leaves.push_back(in.fixed<Hash>());
  return finish(in, std::move(m));
}

template <>
Result<Heads> decode<Heads>(BytesView body) {
  ByteReader in{body};
  Heads m;
  m.keyring = read_keyring_head(in);
  const auto count = in.u16();
  if (count > limits::devices) in.fail();
  for (int i = 0; i < count && in.ok(); ++i) {
    Heads::Chain chain{.device = in.fixed<DeviceId>(), .head = {}};
    chain.head = {.seq = in.u64(), .hash = in.fixed<Hash>()};
    if (chain.head.seq == 0 || (!m.chains.empty() && !(m.chains.back().device < chain.device))) in.fail();
    m.chains.push_back(chain);
  }
  return finish(in, std::move(m));
}

Bytes encode(const SignedRequest& r) {
  ByteWriter out;
  out.var16(bytes_of(r.origin)).var8(bytes_of(r.account)).fixed(r.vault).fixed(r.key);
  out.var8(bytes_of(r.method)).var16(bytes_of(r.target)).fixed(r.body).fixed(r.challenge).u64(r.number);
  return out.take();
}

std::string encode(const Authorization& a) {
  return std::string{scheme} + hex(a.session) + ',' + std::to_string(a.number) + ',' + hex(a.signature);
}

Result<Authorization> decode_authorization(std::string_view header) {
  if (!header.starts_with(scheme)) return Errc::auth;
  header.remove_prefix(scheme.size());
  const auto first = header.find(',');
  const auto last = header.rfind(',');
  if (first == header.npos || last == first) return Errc::auth;
  const auto session = unhex_fixed<SessionId>(header.substr(0, first));
  const auto digits = header.substr(first + 1, last - first - 1);
  const auto signature = unhex_fixed<Signature>(header.substr(last + 1));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (!session || !signature || error != std::errc{} || end != digits.data() + digits.size() || number == 0)
    return Errc::auth;
  return Authorization{*session, number, *signature};
}

}  // namespace vault::wire
