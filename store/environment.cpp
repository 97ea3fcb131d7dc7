// SPDX-License-Identifier: Apache-2.0
#include "store/environment.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.hpp"
#include "store/errc.hpp"
#include "store/error.hpp"
#include "store/faults.hpp"
#include "store/txn.hpp"

namespace vault::store {
namespace {

constexpr unsigned relaxing = MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP | MDB_MAPASYNC | MDB_NOLOCK;
constexpr unsigned max_readers = 126;  // LMDB's default: one page of reader slots
constexpr auto schema_key = "schema";

void require(const Result<void>& result) {
  if (!result) throw Failure{result.error()};
}

File take(Result<File> result) {
  if (!result) throw Failure{result.error()};
  return std::move(*result);
}

std::uint32_t stored_schema(const WriteTxn& tx, std::uint32_t if_new) {
  const auto bytes = tx.get(meta, schema_key);
  if (!bytes) return if_new;
  const auto schema = decode<std::uint32_t>(*bytes);
  if (!schema || *schema == 0) throw Failure{StoreErrc::store_damaged};
  return *schema;
}

}  // namespace

Environment::Environment(const std::filesystem::path& folder, const Options& options) : pid_(::getpid()) {
  if (options.sharing == Sharing::sole) lock_ = take(lock_folder(folder));
  else require(check_folder(folder));
  tables_.assign(options.tables.begin(), options.tables.end());
  check(mdb_env_create(&env_));
  try {
    end_at_assertions(env_);
    check(mdb_env_set_maxdbs(env_, static_cast<unsigned>(tables_.size())));
    check(mdb_env_set_maxreaders(env_, max_readers));
    check(mdb_env_set_mapsize(env_, options.map_bytes));
    open(folder / "data.mdb", options.sharing);
    open_tables(options);
    require(sync_folder(folder));
  } catch (...) {
    mdb_env_close(env_);
    throw;
  }
}

Environment::~Environment() {
  if (::getpid() == pid_) mdb_env_close(env_);  // a forked child must leave the file to its parent
}

void Environment::open(const std::filesystem::path& file, Sharing sharing) {
  if (sharing == Sharing::beside && !std::filesystem::exists(file)) throw Failure{make_error_code(Errc::not_found)};
  check(mdb_env_open(env_, file.c_str(), MDB_NOSUBDIR | MDB_NOTLS, 0600));
  unsigned flags = 0;
  check(mdb_env_get_flags(env_, &flags));
  VAULT_ASSERT((flags & relaxing) == 0);
  forget_dead_readers();
  if (sharing == Sharing::sole) reach_last_page(file);  // beside another process the file may be growing
}

// Makes the file as long as its newest root says. Reading beyond the end of a file that was cut would end this process
// with SIGBUS; now there are zeros, which LMDB can tell from a page. The length alone proves no damage: a good file too
// may lack pages at its end, if they were freed before they were ever written.
void Environment::reach_last_page(const std::filesystem::path& file) const {
  MDB_envinfo info{};
  MDB_stat stat{};
  check(mdb_env_info(env_, &info));
  check(mdb_env_stat(env_, &stat));
  if (info.me_last_pgno >= info.me_mapsize / stat.ms_psize) throw Failure{StoreErrc::store_damaged};
  const auto needed = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
  struct stat now {};
  if (::stat(file.c_str(), &now) != 0) throw Failure{errno_error()};
  if (now.st_size < needed && ::truncate(file.c_str(), needed) != 0) throw Failure{errno_error()};
}

void Environment::open_tables(const Options& options) {
  WriteTxn tx{*this};
  for (std::size_t slot = 0; slot < tables_.size(); ++slot) {
    VAULT_ASSERT(tables_[slot].slot == slot);
    unsigned handle = 0, flags = 0;
    check(mdb_dbi_open(tx.txn_, tables_[slot].name, MDB_CREATE, &handle));
    check(mdb_dbi_flags(tx.txn_, handle, &flags));
    if (flags != 0) throw Failure{StoreErrc::store_damaged};
    handles_.push_back(handle);
  }
  const auto present = static_cast<std::uint32_t>(options.oldest + options.migrations.size());
  const auto stored = stored_schema(tx, present);
  if (stored > present) throw Failure{StoreErrc::store_newer};
  if (stored < options.oldest) throw Failure{StoreErrc::store_older};
  if (stored < present && options.sharing == Sharing::beside) throw Failure{Errc::storage};
  for (auto schema = stored; schema < present; ++schema) options.migrations[schema - options.oldest](tx);
  if (stored != present || !tx.contains(meta, schema_key)) tx.put(meta, schema_key, encode(present));
  if (options.prepare != nullptr) options.prepare(tx);
  tx.commit();
}

MDB_env* Environment::get() const {
  VAULT_ASSERT(::getpid() == pid_);
  return env_;
}

unsigned Environment::handle(const TableId& table) const {
  VAULT_ASSERT(table.slot < handles_.size() && std::string_view{tables_[table.slot].name} == table.name);
  return handles_[table.slot];
}

std::uint64_t Environment::last_commit() const {
  MDB_envinfo info{};
  check(mdb_env_info(get(), &info));
  return info.me_last_txnid;
}

void Environment::forget_dead_readers() const {
  int dead = 0;
  check(mdb_reader_check(get(), &dead));
}

void Environment::copy_to(const std::filesystem::path& file) const {
  const File copy{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!copy) throw Failure{errno_error()};
  check(mdb_env_copyfd(get(), copy.get()));
  if (::fsync(copy.get()) != 0) throw Failure{errno_error()};
}

}  // namespace vault::store
