// SPDX-License-Identifier: Apache-2.0
#include "daemon/chain/verifier.hpp"

#include "crypto/verify.hpp"
#include "daemon/state/profile.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

Result<void> read_chain(const store::ReadTxn& tx, const Keychain& keychain, const DeviceId& device, const Head& until,
                        Verified& out, const TakeVersion& take) {
  ChainReader reader{keychain, device, out.ledger[device]};
  Result<void> result;
  bool ended = false;
  const auto first = reader.state().head.seq + 1;
  tx.scan(store::chains, store::Range<store::Place>::between({device, first}, {device, until.seq + 1}),
          [&](const store::Place&, const Sealed& commit) {
            if (reader.at_cut()) return false;
            if (reader.passes_over_cut(commit.view())) {
              ended = reader.is_cut_by(commit.view());
              return false;
            }
            result = reader.read(commit.view(), out.findings);
            if (!result || !take) return result.has_value();
            for (auto& [name, version] : std::exchange(out.findings.versions, {})) take(name, std::move(version));
            return true;
          });
  if (!result) return result;
  const bool whole = ended || reader.at_cut() || reader.state().head == until;
  if (!whole) return reader.state().head.seq < until.seq ? Errc::gap : Errc::tamper;
  if (!reader.verify_newest()) return Errc::tamper;
  out.ledger[device] = reader.take();
  return {};
}

// Returns the jump that makes `seq` void where no commit is stored, if there is one. A jump above the verified head
// counts only if it is signed itself.
std::optional<wire::CommitHeader> jump_over(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t seq,
                                            const ChainState& chain, const SignKey& signer) {
  std::optional<wire::CommitHeader> out;
  tx.scan(store::chains, store::Range<store::Place>::between({device, seq}, {device, ~std::uint64_t{0}}),
          [&](const store::Place& place, const Sealed& commit) {
            const auto header = wire::decode_commit_header(commit.view());
            const bool jumps = header && is_void(*header, seq);
            const bool known = place.seq <= chain.head.seq || crypto::verify_commit_signature(signer, commit.view());
            if (jumps && known) out = *header;
            return false;
          });
  return out;
}

// Returns the hash of a commit at or below a verified head.
std::optional<Hash> hash_at(const store::ReadTxn& tx, const DeviceId& device, const ChainState& chain,
                            std::uint64_t seq) {
  if (seq == chain.head.seq) return chain.head.hash;
  const auto commit = tx.get(store::chains, {device, seq});
  if (!commit) return std::nullopt;
  return crypto::commit_hash(commit->view());
}

// Checks a reference to a commit that is not stored: it must be void, or it is missing. Errors: keystate if it is our
// own and missing, gap if another's; fork.
Result<void> check_void(const store::ReadTxn& tx, const Reference& reference, const ChainState& chain,
                        const SignKey& signer, bool own) {
  const auto jump = jump_over(tx, reference.device, reference.head.seq, chain, signer);
  if (!jump) return own ? Errc::keystate : Errc::gap;
  const bool named = reference.head.seq + 1 == jump->seq;  // named by the jump too, as its prev
  return !named || jump->prev == reference.head.hash ? Result<void>{} : Errc::fork;
}

Result<void> check_reference(const store::ReadTxn& tx, const Keychain& keychain, const Ledger& ledger,
                             const Reference& reference, const DeviceId& self) {
  const auto* entry = keychain.device(reference.device);
  if (entry == nullptr) return Errc::tamper;
  if (!entry->active && reference.head.seq > entry->revoked_seq) return {};
  const auto at = ledger.find(reference.device);
  const auto chain = at != ledger.end() ? at->second : ChainState{};
  const bool beyond = chain.head.seq < reference.head.seq;
  const auto hash = beyond ? std::nullopt : hash_at(tx, reference.device, chain, reference.head.seq);
  if (!hash) return check_void(tx, reference, chain, entry->sig, beyond && reference.device == self);
  return *hash == reference.head.hash ? Result<void>{} : Errc::fork;
}

// True if a jump passes over the start of the base, even a jump that is void itself.
bool is_passed_over(const store::ReadTxn& tx, const Base& base) {
  bool over = false;
  tx.scan(store::jumps, store::Range<store::Place>::between({base.device, base.start + 1}, {base.device, base.seq + 1}),
          [&](const store::Place&, std::uint64_t after) {
            over = after < base.start;
            return !over;
          });
  return over;
}

}  // namespace

std::map<DeviceId, Head> named_beyond(const Keychain& keychain, const Ledger& ledger, const DeviceId& self) {
  std::map<DeviceId, Head> named;
  for (const auto& [id, head] : keychain.body().heads) {
    const auto at = ledger.find(id);
    const auto known = at != ledger.end() ? at->second.head.seq : 0;
    if (id != self && known < head.seq) named[id] = head;
  }
  return named;
}

Result<Verified> verify(const store::Store& store, const Keychain& keychain, Ledger ledger,
                        const std::map<DeviceId, Head>& until, const DeviceId& self, const TakeVersion& take,
                        OwnAhead own_ahead) {
  Verified out{std::move(ledger), {}, {}};
  return store.read([&](const store::ReadTxn& tx) -> Result<Verified> {
    const auto lost = own_ahead == OwnAhead::lost_here ? lost_heads(tx) : std::map<DeviceId, Head>{};
    for (const auto& [device, head] : until)
      if (const auto ok = read_chain(tx, keychain, device, head, out, take); !ok) return ok.error();
    for (const auto& base : out.findings.bases)
      if (is_passed_over(tx, base)) return Errc::tamper;
    auto references = out.findings.references;
    for (const auto& [device, head] : keychain.body().heads) references.insert({device, head});
    for (const auto& reference : references) {
      const auto ok = check_reference(tx, keychain, out.ledger, reference, self);
      if (!ok && lost.contains(reference.device) && (ok.error() == Errc::gap || ok.error() == Errc::keystate)) continue;
      if (!ok && ok.error() == Errc::keystate && own_ahead == OwnAhead::listed) out.ahead.push_back(reference);
      else if (!ok) return ok.error() == Errc::keystate ? make_error_code(Errc::gap) : ok.error();  // no proof
    }
    return std::move(out);
  });
}

}  // namespace vault::daemon
