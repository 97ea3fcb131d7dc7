// SPDX-License-Identifier: Apache-2.0
// The LMDB environment: one file, `data.mdb`, in a locked folder, mapped whole.
//
// It is opened without any flag that trades durability for speed, and a commit is on the disk when it returns.
// The map is as large as the file may ever become and sparse; it never grows while transactions run. LMDB is
// told nothing about threads: a read transaction may be begun by any, write transactions by one.
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

// What makes a database of schema n one of schema n + 1.
using Migration = void (*)(WriteTxn&);

// How to open: as the one process that has the folder, or beside it, as a tool of its operator. Beside, the
// database must exist and be of the present schema; LMDB's own lock keeps writers of both apart.
enum class Sharing { sole, beside };

struct Options {
  std::span<const TableId> tables;                   // in the order of their slots; the first is `meta`
  std::uint32_t oldest = 1;                          // the schema that the first migration begins with
  std::span<const Migration> migrations{};           // the present schema is `oldest` + their number
  std::uint64_t map_bytes = std::uint64_t{1} << 40;  // sparse: costs address space only
  Sharing sharing = Sharing::sole;
  // Run in the transaction that opens the tables, after all migrations: makes what must always be there. It is
  // not the first write in the sense of Store::write, whose thread may be another one.
  Migration prepare = nullptr;
};

// The table that every database of ours has: named values, among them "schema".
inline constexpr Table<std::string, Bytes> meta{{0, "meta", 64 * 1024}};

class Environment {
 public:
  // Throws Failure. The folder is checked and locked first; see lock_folder.
  Environment(const std::filesystem::path& folder, const Options& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Both assert that this is the process which opened it: LMDB does not survive a fork.
  MDB_env* get() const;
  unsigned handle(const TableId& table) const;

  std::uint64_t last_commit() const;  // LMDB's number of the newest transaction that changed something
  void copy_to(const std::filesystem::path& file) const;

  // Frees the places of readers whose process has died: until then every page stays that they could have read.
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
