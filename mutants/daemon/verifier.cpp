#include "daemon/verifier.hpp"

#include "crypto/verify.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

Result<void> read_chain(const store::ReadTxn& tx, const Keychain& keychain, const DeviceId& device, const Head& until,
                        Verified& out, const TakeVersion& take) {
  ChainReader reader{keychain, device, out.ledger[device]};
  Result<void> result;
  const auto first = reader.state().head.seq + 1;
  tx.scan(store::chains, store::Range<store::Place>::between({device, first}, {device, until.seq + 1}),
          [&](const store::Place&, const Sealed& commit) {
            if (reader.at_cut()) return false;
            result = reader.read(commit.view(), out.findings);
            if (!result || !take) return result.has_value();
            for (auto& [name, version] : std::exchange(out.findings.versions, {})) take(name, std::move(version));
            return true;
          });
  if (!result) return result;
  const bool whole = reader.at_cut() || reader.state().head == until;
  if (!whole) return reader.state().head.seq < until.seq ? Errc::gap : Errc::tamper;
  if (!reader.verify_newest()) return Errc::tamper;
  out.ledger[device] = reader.take();
  return {};
}

// The hash of a commit at or below a verified head.
std::optional<Hash> hash_at(const store::ReadTxn& tx, const DeviceId& device, const ChainState& chain,
                            std::uint64_t seq) {
  if (seq == chain.head.seq) return chain.head.hash;
  const auto commit = tx.get(store::chains, {device, seq});
  if (!commit) return std::nullopt;
  return crypto::commit_hash(commit->view());
}

Result<void> check_reference(const store::ReadTxn& tx, const Keychain& keychain, const Ledger& ledger,
                             const Reference& reference, const DeviceId& self) {
  const auto* entry = keychain.device(reference.device);
  if (entry == nullptr) return Errc::tamper;
  if (!entry->active && reference.head.seq > entry->revoked_seq) return {};
  const auto chain = ledger.find(reference.device);
  if (chain == ledger.end() || chain->second.head.seq < reference.head.seq)
    return reference.device == self ? Errc::keystate : Errc::gap;
  const auto hash = hash_at(tx, reference.device, chain->second, reference.head.seq);
  if (!hash) return Errc::gap;
  return *hash == reference.head.hash ? Result<void>{} : Errc::fork;
}

}  // namespace

Result<Verified> verify(const store::Store& store, const Keychain& keychain, Ledger ledger,
                        const std::map<DeviceId, Head>& until, const DeviceId& self, const TakeVersion& take,
                        OwnAhead own_ahead) {
  Verified out{std::move(ledger), {}, {}};
  return store.read([&](const store::ReadTxn& tx) -> Result<Verified> {
    for (const auto& [device, head] : until)
      if (const auto ok = read_chain(tx, keychain, device, head, out, take); !ok) return ok.error();
    auto references = out.findings.references;
    for (const auto& [device, head] : keychain.body().heads) references.insert({device, head});
    for (const auto& reference : references) {
      const auto ok = check_reference(tx, keychain, out.ledger, reference, self);
      if (!ok && ok.error() == Errc::keystate && own_ahead == OwnAhead::listed) out.ahead.push_back(reference);
      else if (!ok) return ok.error();
    }
    return std::move(out);
  });
}

}  // namespace vault::daemon
