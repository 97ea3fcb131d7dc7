// SPDX-License-Identifier: Apache-2.0
#include "server/admin.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "server/random.hpp"
#include "store/folder.hpp"
#include "wire/commit_header.hpp"
#include "wire/export_manifest.hpp"

namespace vault::server::admin {
namespace {

namespace fs = std::filesystem;
using Token = FixedBytes<struct TokenTag, 16>;
constexpr std::size_t page = 1000;

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

Result<void> make_folder(const fs::path& folder) {
  std::error_code failure;
  if (fs::create_directory(folder, failure)) return {};
  if (failure) return boost::system::error_code{failure};
  return boost::system::errc::make_error_code(boost::system::errc::file_exists);
}

Result<void> write_file(const fs::path& path, BytesView bytes) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file) return last_error();
  while (!bytes.empty()) {
    const auto n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return last_error();
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// Writes what `next(from)` returns until it returns nothing, and returns how many objects that were.
// `number_of(object, next)` is the number of an object; `next` is the number after that of the object before.
template <class Next, class NumberOf>
Result<std::uint64_t> write_all(const fs::path& folder, Next next, NumberOf number_of) {
  if (auto made = make_folder(folder); !made) return made.error();
  std::uint64_t count = 0;
  for (std::uint64_t from = 1;;) {
    const Result<std::vector<Sealed>> objects = next(from);
    if (!objects) return objects.error();
    if (objects->empty()) return count;
    for (const auto& object : *objects) {
      const auto number = number_of(object, from);
      if (auto done = write_file(folder / (std::to_string(number) + ".bin"), object.view()); !done) return done.error();
      from = number + 1;
    }
    count += objects->size();
  }
}

std::uint64_t in_turn(const Sealed&, std::uint64_t next) { return next; }

// Returns the seq of a commit. A jump passes over seqs, which then have no commits.
std::uint64_t seq_of(const Sealed& commit, std::uint64_t next) {
  const auto header = wire::decode_commit_header(commit.view());
  return header ? std::max(header->seq, next) : next;
}

// Writes the chunks of one blob that are stored, one at a time.
Result<void> write_blob(const Storage& storage, const VaultId& vault, const BlobId& blob, const fs::path& folder) {
  const auto leaves = storage.leaves(vault, blob);
  if (!leaves) return leaves.error();
  if (auto made = make_folder(folder); !made) return made;
  for (std::uint64_t index = 0; *leaves && index < (*leaves)->leaves.size(); ++index) {
    const auto chunk = storage.chunk(vault, blob, index);
    if (!chunk) return chunk.error();
    if (!*chunk) continue;
    if (auto done = write_file(folder / (std::to_string(index) + ".bin"), (*chunk)->view()); !done) return done;
  }
  return {};
}

// Writes all blobs, since a server cannot tell which a commit names. Makes no folder if there are none.
Result<void> write_blobs(const Storage& storage, const VaultId& vault, const fs::path& folder) {
  for (std::optional<BlobId> after;;) {
    const auto blobs = storage.blobs(vault, after, page);
    if (!blobs) return blobs.error();
    if (blobs->empty()) return {};
    if (!after)
      if (auto made = make_folder(folder); !made) return made;
    for (const auto& blob : *blobs)
      if (auto done = write_blob(storage, vault, blob, folder / hex(blob)); !done) return done;
    after = blobs->back();
  }
}

Result<std::uint64_t> write_keyrings(const Storage& storage, const VaultId& vault, const fs::path& folder) {
  auto keyrings = [&storage, &vault](std::uint64_t from) -> Result<std::vector<Sealed>> {
    auto read = storage.keyrings(vault, static_cast<std::uint32_t>(from), limits::page_bytes);
    if (!read) return read.error();
    return std::move(read->versions);
  };
  return write_all(folder, keyrings, in_turn);
}

// Returns how many commits there were.
Result<std::uint64_t> write_chains(const Storage& storage, const VaultId& vault, const wire::Heads& heads,
                                   const fs::path& folder) {
  if (auto made = make_folder(folder); !made) return made.error();
  std::uint64_t count = 0;
  for (const auto& chain : heads.chains) {
    auto commits = [&storage, &vault, &chain](std::uint64_t from) -> Result<std::vector<Sealed>> {
      auto read = storage.commits(vault, chain.device, from, limits::page_bytes, page);
      if (!read) return read.error();
      return std::move(read->commits);
    };
    const auto written = write_all(folder / hex(chain.device), commits, seq_of);
    if (!written) return written.error();
    count += *written;
  }
  return count;
}

// Returns the manifest that nobody signs, since a server has no key of a vault.
Bytes manifest_of(const VaultId& vault, const wire::Heads& heads, std::uint64_t commits) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return wire::unsigned_manifest(wire::encode(
      {.vault = vault,
       .device = {},
       .time = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()),
       .keyring = heads.keyring,
       .commits = commits,
       .chains = heads.chains,
       .checkpoint = {}}));
}

}  // namespace

Result<void> invite(Storage& storage, std::ostream& out) {
  const auto token = hex(random_bytes<Token>());
  if (auto added = storage.add_invitation(crypto::sha256(bytes_of(token))); !added) return added;
  out << token << '\n';
  return {};
}

Result<void> list_accounts(const Storage& storage, std::ostream& out) {
  for (std::string after;;) {
    const auto accounts = storage.accounts(after, page);
    if (!accounts) return accounts.error();
    for (const auto& a : *accounts)
      out << a.name << ' ' << hex(a.vault) << ' ' << a.keyring.version << ' ' << a.usage.bytes << ' ' << a.usage.quota
          << '\n';
    if (accounts->size() < page) return {};
    after = accounts->back().name;
  }
}

Result<void> export_account(const Storage& storage, const std::string& name, const fs::path& folder) {
  const auto account = storage.find_account(name);
  if (!account) return account.error();
  if (!*account) return Errc::not_found;
  const auto vault = (*account)->vault;
  const auto heads = storage.heads(vault);
  if (!heads) return heads.error();
  if (auto made = make_folder(folder); !made) return made;
  if (auto done = write_keyrings(storage, vault, folder / "keyring"); !done) return done.error();
  const auto commits = write_chains(storage, vault, *heads, folder / "chains");
  if (!commits) return commits.error();
  if (auto done = write_blobs(storage, vault, folder / "blobs"); !done) return done;
  return write_file(folder / "manifest.bin", manifest_of(vault, *heads, *commits));
}

}  // namespace vault::server::admin
