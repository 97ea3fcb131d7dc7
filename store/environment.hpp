// SPDX-License-Identifier: Apache-2.0
// Opens the LMDB environment: one file, `data.mdb`, in a locked folder, mapped as a whole.
//
// No flag trades durability for speed: a commit is on the disk when it returns. The map is as large as the file may
// ever become, and sparse; it never grows while transactions run. LMDB is not told about threads: any thread may begin
// a read transaction, one thread begins all write transactions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "store/folder.hpp"
#include "store/table.hpp"

struct MDB_env;

namespace vault::store {

class WriteTxn;

// Turns a database of schema n into one of schema n + 1.
using Migration = void (*)(WriteTxn&);

// Says how to open: as the only process that has the folder, or beside that process, as a tool of its operator. Beside,
// the database must exist and have the present schema; LMDB's own lock keeps the writers apart.
enum class Sharing { sole, beside };

struct Options {
  std::span<const TableId> tables;                   // in the order of their slots; the first is `meta`
  std::uint32_t oldest = 1;                          // the schema from which the first migration starts
  std::span<const Migration> migrations{};           // the present schema is `oldest` + their number
  std::uint64_t map_bytes = std::uint64_t{1} << 40;  // sparse: costs address space only
  Sharing sharing = Sharing::sole;
  // Makes what must always exist, in the transaction that opens the tables and after all migrations. It does not count
  // as the first write, which binds Store::write to a thread.
  Migration prepare = nullptr;
};

// Holds named values, among them "schema". Every database of ours has this table.
inline constexpr Table<std::string, Bytes> meta{{0, "meta", 64 * 1024}};

class Environment {
 public:
  // Checks and locks the folder, then opens the database: see lock_folder. Throws Failure.
  Environment(const std::filesystem::path& folder, const Options& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Both assert that this process opened the database: LMDB does not survive a fork.
  MDB_env* get() const;
  unsigned handle(const TableId& table) const;

  // Returns LMDB's number of the newest transaction that changed something.
  std::uint64_t last_commit() const;
  void copy_to(const std::filesystem::path& file) const;

  // Frees the reader slots of processes that died. Until then all pages that they might read are kept.
  void forget_dead_readers() const;

 private:
  void open(const std::filesystem::path& file, Sharing sharing);
  void reach_last_page(const std::filesystem::path& file) const;
  void open_tables(const Options& options);

  File lock_;
  pid_t pid_;
  MDB_env* env_ = nullptr;
  std::vector<TableId> tables_;
  std::vector<unsigned> handles_;
};

}  // namespace vault::store
