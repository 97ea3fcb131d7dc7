// SPDX-License-Identifier: Apache-2.0
#include "server/lmdb_storage.hpp"

#include "base/assert.hpp"
#include "base/fault_point.hpp"
#include "base/input_errc.hpp"
#include "server/random.hpp"
#include "store/errc.hpp"
#include "wire/errc.hpp"
#include "wire/keyring_header.hpp"

namespace vault::server {
namespace {

using store::Range;
using store::ReadTxn;
using store::WriteTxn;
using tables::CommitKey;
using tables::VaultRow;

constexpr auto secret_name = "secret";

LogIn log_in_of(const VaultRow& row) { return {row.suite, row.seed, row.auth}; }
wire::KeyringHead head_of(const VaultRow& row) { return {row.version, row.hash}; }

void set_keyring(VaultRow& row, std::uint32_t version, const KeyringVersion& keyring) {
  row.suite = keyring.log_in.suite;
  row.seed = keyring.log_in.seed;
  row.auth = keyring.log_in.auth;
  row.version = version;
  row.hash = keyring.hash;
  row.bytes += keyring.bytes.size();
}

bool above_quota(const VaultRow& row, std::uint64_t more, std::uint64_t reserve) {
  const auto bytes = row.bytes + more;
  return bytes > reserve && bytes - reserve > row.quota;
}

Account account_of(const std::string& name, const VaultId& vault, const VaultRow& row) {
  return {name, vault, log_in_of(row), head_of(row), {row.bytes, row.quota}};
}

void put_keyring(WriteTxn& tx, const VaultId& vault, const VaultRow& row, const KeyringVersion& keyring) {
  tx.put(tables::vaults, vault, row);
  tx.put(tables::keyrings, {vault, row.version}, keyring.bytes);
  tx.put(tables::keyring_hashes, {vault, keyring.hash}, row.version);
  if (keyring.replaces) tx.put(tables::keyring_hashes, {vault, *keyring.replaces}, 0);
}

Head chain_head(const ReadTxn& tx, const VaultId& vault, const DeviceId& device) {
  const auto row = tx.get(tables::heads, {vault, device});
  return row.value_or(Head{});
}

// Says how commits fit a chain: how many are stored already, or why they cannot be appended.
struct Fit {
  std::size_t known = 0;
  std::optional<Appended> refusal;
};

// Returns the seq of each commit.
std::vector<std::uint64_t> seqs_of(std::uint64_t first, const std::vector<Commit>& commits) {
  std::vector<std::uint64_t> seqs;
  for (const auto& commit : commits) {
    const auto next = seqs.empty() ? first : seqs.back() + 1;
    seqs.push_back(commit.jump ? commit.jump->seq : next);
  }
  return seqs;
}

bool follows(const Commit& commit, std::uint64_t seq, const Head& head) {
  const bool next = seq == head.seq + 1 && (head.seq == 0 || commit.prev == head.hash);
  const bool jumps = commit.jump && seq > head.seq && commit.jump->after.seq == head.seq;
  return next || (jumps && (head.seq == 0 || commit.jump->after.hash == head.hash));
}

// Returns what is stored at `seq`, or if that is void, at the next seq that is not.
wire::CommitConflict stored_from(const ReadTxn& tx, const VaultId& vault, const DeviceId& device, std::uint64_t seq) {
  wire::CommitConflict out;
  const auto range = Range<CommitKey>::between({vault, device, seq}, {vault, device, ~std::uint64_t{0}});
  tx.scan(tables::commits, range, [&out](const CommitKey& key, Sealed&& commit) {
    out = {key.seq, std::move(commit)};
    return false;
  });
  // `seq` is not above the chain's head, so a commit must follow.
  if (out.seq == 0) throw store::Failure{make_error_code(StoreErrc::store_damaged)};
  return out;
}

Fit fit(const ReadTxn& tx, const VaultId& vault, const DeviceId& device, const std::vector<std::uint64_t>& seqs,
        const std::vector<Commit>& commits) {
  const auto head = chain_head(tx, vault, device);
  Fit out;
  for (; out.known < commits.size() && seqs[out.known] <= head.seq; ++out.known) {
    auto stored = stored_from(tx, vault, device, seqs[out.known]);
    if (stored.stored != commits[out.known].bytes) return {0, std::move(stored)};
  }
  if (out.known == commits.size() || follows(commits[out.known], seqs[out.known], head)) return out;
  if (seqs[out.known] > head.seq + 1) return {0, AppendGap{head}};
  return {0, stored_from(tx, vault, device, head.seq)};
}

std::uint64_t put_commits(WriteTxn& tx, const VaultId& vault, const DeviceId& device,
                          const std::vector<std::uint64_t>& seqs, const std::vector<Commit>& commits,
                          std::size_t known) {
  std::uint64_t bytes = 0;
  for (auto i = known; i < commits.size(); ++i) {
    tx.put(tables::commits, {vault, device, seqs[i]}, commits[i].bytes);
    bytes += commits[i].bytes.size();
  }
  tx.put(tables::heads, {vault, device}, {seqs.back(), commits.back().hash});
  return bytes;
}

// True if each commit of a run follows the one before.
bool is_linked(const std::vector<std::uint64_t>& seqs, const std::vector<Commit>& commits) {
  for (std::size_t i = 1; i < commits.size(); ++i)
    if (!follows(commits[i], seqs[i], {seqs[i - 1], commits[i - 1].hash})) return false;
  return !commits.empty();
}

// Takes sealed rows until a budget is used up. The first row always fits.
class Budget {
 public:
  Budget(std::size_t bytes, std::size_t most) : bytes_(bytes), most_(most) {}
  bool take(std::vector<Sealed>& into, Sealed&& value) {
    if (into.size() >= most_ || (!into.empty() && used_ + value.size() > bytes_)) return false;
    used_ += value.size();
    into.push_back(std::move(value));
    return true;
  }

 private:
  std::size_t bytes_, most_, used_ = 0;
};

void make_secret(WriteTxn& tx) {
  if (!tx.contains(tables::meta, secret_name))
    tx.put(tables::meta, secret_name, store::encode(random_bytes<ServerSecret>()));
}

}  // namespace

Result<std::unique_ptr<LmdbStorage>> LmdbStorage::open(const std::filesystem::path& folder,
                                                       const LmdbOptions& options) {
  auto store = store::Store::open(
      folder, {.tables = tables::all, .oldest = tables::schema, .sharing = options.sharing, .prepare = make_secret});
  if (!store) return store.error();
  return std::unique_ptr<LmdbStorage>{new LmdbStorage{std::move(*store), options.quota}};
}

Result<std::optional<Account>> LmdbStorage::find_account(std::string_view name) const {
  if (!wire::is_account(name)) return InputErrc::account_bad;
  return store_.read([key = std::string{name}](ReadTxn& tx) -> Result<std::optional<Account>> {
    const auto vault = tx.get(tables::accounts, key);
    const auto row = tx.get(tables::vaults, vault.value_or(VaultId{}));
    if (!vault) return std::optional<Account>{};
    if (!row) return StoreErrc::store_damaged;
    return std::optional{account_of(key, *vault, *row)};
  });
}

Result<void> LmdbStorage::create_account(std::string_view name, const VaultId& vault, const KeyringVersion& first,
                                         const std::optional<Hash>& invitation) {
  if (!wire::is_account(name)) return InputErrc::account_bad;
  VAULT_ASSERT(first.bytes.size() <= limits::keyring_bytes);
  return store_.write([&, key = std::string{name}](WriteTxn& tx) -> Result<void> {
    const auto known = tx.get(tables::keyring_hashes, {vault, first.hash});
    if (known == 1u && tx.get(tables::accounts, key) == vault) return {};
    if (invitation && !tx.remove(tables::invitations, *invitation)) return WireErrc::invite_needed;
    if (tx.contains(tables::accounts, key) || tx.contains(tables::vaults, vault)) return WireErrc::account_exists;
    VaultRow row{.quota = quota_, .account = key};
    set_keyring(row, 1, first);
    put_keyring(tx, vault, row, first);
    tx.put(tables::accounts, key, vault);
    fault_point("account.before-commit");
    return {};
  });
}

Result<std::vector<Account>> LmdbStorage::accounts(std::string_view after, std::size_t most) const {
  return store_.read([key = std::string{after}, most](ReadTxn& tx) -> Result<std::vector<Account>> {
    std::vector<Account> out;
    bool agree = true;
    const auto range = key.empty() ? Range<std::string>::all() : Range<std::string>::from(key + '\0');
    tx.scan(tables::accounts, range, [&](const std::string& name, const VaultId& vault) {
      if (out.size() >= most) return false;
      const auto row = tx.get(tables::vaults, vault);
      agree = agree && row.has_value();
      if (row) out.push_back(account_of(name, vault, *row));
      return true;
    });
    if (!agree) return StoreErrc::store_damaged;
    return out;
  });
}

Result<void> LmdbStorage::set_quota(std::string_view name, std::uint64_t bytes) {
  if (!wire::is_account(name)) return InputErrc::account_bad;
  return store_.write([key = std::string{name}, bytes](WriteTxn& tx) -> Result<void> {
    const auto vault = tx.get(tables::accounts, key);
    if (!vault) return Errc::not_found;
    auto row = tx.get(tables::vaults, *vault);
    if (!row) return StoreErrc::store_damaged;
    row->quota = bytes;
    tx.put(tables::vaults, *vault, *row);
    return {};
  });
}

Result<void> LmdbStorage::remove_account(std::string_view name) {
  const auto account = find_account(name);
  if (!account) return account.error();
  if (!*account) return Errc::not_found;
  if (auto done = remove_blobs((*account)->vault); !done) return done;
  const auto removed = store_.write([key = std::string{name}](WriteTxn& tx) -> Result<VaultId> {
    const auto vault = tx.get(tables::accounts, key);
    if (!vault) return Errc::not_found;
    tx.remove(tables::accounts, key);
    tx.remove(tables::vaults, *vault);
    tx.remove(tables::keyrings, Range<tables::KeyringKey>::starting_with(*vault));
    tx.remove(tables::keyring_hashes, Range<tables::KeyringHashKey>::starting_with(*vault));
    tx.remove(tables::heads, Range<tables::ChainKey>::starting_with(*vault));
    tx.remove(tables::commits, Range<CommitKey>::starting_with(*vault));
    tx.remove(tables::leaves, Range<tables::ChunkKey>::starting_with(*vault));
    tx.remove(tables::chunks, Range<tables::ChunkKey>::starting_with(*vault));
    return *vault;
  });
  if (!removed) return removed.error();
  tell(*removed);
  return {};
}

Result<void> LmdbStorage::add_invitation(const Hash& token) {
  return store_.write([&token](WriteTxn& tx) { tx.put(tables::invitations, token, {}); });
}

Result<wire::KeyringPage> LmdbStorage::keyrings(const VaultId& vault, std::uint32_t from, std::size_t bytes) const {
  return store_.read([=](ReadTxn& tx) -> Result<wire::KeyringPage> {
    const auto row = tx.get(tables::vaults, vault);
    if (!row) return Errc::not_found;
    wire::KeyringPage page{head_of(*row), {}};
    if (from > row->version) return page;
    Budget budget{bytes, limits::page_commits};
    const auto range = Range<tables::KeyringKey>::between({vault, from}, {vault, row->version + 1});
    tx.scan(tables::keyrings, range, [&](const tables::KeyringKey&, Sealed&& keyring) {
      return budget.take(page.versions, std::move(keyring));
    });
    return page;
  });
}

Result<std::optional<std::uint32_t>> LmdbStorage::keyring_version(const VaultId& vault, const Hash& hash) const {
  return store_.read([&](ReadTxn& tx) -> Result<std::optional<std::uint32_t>> {
    if (!tx.contains(tables::vaults, vault)) return Errc::not_found;
    return tx.get(tables::keyring_hashes, {vault, hash});
  });
}

Result<Replaced> LmdbStorage::replace_keyring(const VaultId& vault, const wire::KeyringHead& expected,
                                              const KeyringVersion& next) {
  VAULT_ASSERT(next.bytes.size() <= limits::keyring_bytes && expected.version != UINT32_MAX);
  bool changed = false;
  auto result = store_.write([&](WriteTxn& tx) -> Result<Replaced> {
    auto row = tx.get(tables::vaults, vault);
    if (!row) return Errc::not_found;
    if (row->hash == next.hash) return Replaced{head_of(*row)};
    if (head_of(*row) != expected) return Replaced{KeyringConflict{head_of(*row)}};
    if (above_quota(*row, next.bytes.size(), limits::quota_reserve_bytes)) return WireErrc::quota;
    set_keyring(*row, expected.version + 1, next);
    put_keyring(tx, vault, *row, next);
    fault_point("keyring.before-commit");
    changed = true;
    return Replaced{head_of(*row)};
  });
  if (result && changed) tell(vault);
  return result;
}

Result<wire::Heads> LmdbStorage::heads(const VaultId& vault) const {
  return store_.read([&vault](ReadTxn& tx) -> Result<wire::Heads> {
    const auto row = tx.get(tables::vaults, vault);
    if (!row) return Errc::not_found;
    wire::Heads out{head_of(*row), {}};
    tx.scan(tables::heads, Range<tables::ChainKey>::starting_with(vault),
            [&out](const tables::ChainKey& key, const Head& head) {
              out.chains.push_back({key.device, head});
            });
    return out;
  });
}

Result<Appended> LmdbStorage::append(const VaultId& vault, const wire::KeyringHead& under, const DeviceId& device,
                                     std::uint64_t first, const std::vector<Commit>& commits) {
  const auto seqs = seqs_of(first, commits);
  if (first == 0 || !is_linked(seqs, commits)) return Errc::tamper;
  bool changed = false;
  auto result = store_.write([&](WriteTxn& tx) -> Result<Appended> {
    auto row = tx.get(tables::vaults, vault);
    if (!row) return Errc::not_found;
    if (head_of(*row) != under) return Appended{KeyringConflict{head_of(*row)}};
    auto place = fit(tx, vault, device, seqs, commits);
    if (place.refusal) return std::move(*place.refusal);
    if (place.known < commits.size()) {
      row->bytes += put_commits(tx, vault, device, seqs, commits, place.known);
      if (above_quota(*row, 0, 0)) return WireErrc::quota;
      tx.put(tables::vaults, vault, *row);
      fault_point("append.before-commit");
      changed = true;
    }
    return Appended{chain_head(tx, vault, device)};
  });
  if (result && changed) tell(vault);
  return result;
}

Result<wire::CommitPage> LmdbStorage::commits(const VaultId& vault, const DeviceId& device, std::uint64_t from,
                                              std::size_t bytes, std::size_t most) const {
  return store_.read([=](ReadTxn& tx) -> Result<wire::CommitPage> {
    if (!tx.contains(tables::vaults, vault)) return Errc::not_found;
    wire::CommitPage page;
    const auto head = chain_head(tx, vault, device);
    if (from > head.seq) return page;
    Budget budget{bytes, most};
    const auto range = Range<CommitKey>::between({vault, device, from}, {vault, device, head.seq + 1});
    tx.scan(tables::commits, range,
            [&](const CommitKey&, Sealed&& commit) { return budget.take(page.commits, std::move(commit)); });
    return page;
  });
}

Result<ServerSecret> LmdbStorage::secret() const {
  return store_.read([](ReadTxn& tx) -> Result<ServerSecret> {
    const auto bytes = tx.get(tables::meta, secret_name);
    if (!bytes) return StoreErrc::store_damaged;
    return store::decode<ServerSecret>(*bytes);
  });
}

}  // namespace vault::server
