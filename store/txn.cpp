// SPDX-License-Identifier: Apache-2.0
#include "store/txn.hpp"

#include <lmdb.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "base/order.hpp"
#include "store/environment.hpp"
#include "store/errc.hpp"
#include "store/faults.hpp"
#include "store/row_check.hpp"

namespace vault::store {
namespace {

MDB_val to_val(BytesView bytes) { return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; }
BytesView to_view(const MDB_val& val) { return {static_cast<const std::uint8_t*>(val.mv_data), val.mv_size}; }

MDB_val key_val(BytesView key) {
  VAULT_ASSERT(!key.empty() && key.size() <= key_bytes);
  return to_val(key);
}

// Returns the value without its check. Looks at no byte of a value that is longer than its table allows, since it may
// also be longer than the file.
BytesView checked(const TableId& table, BytesView key, const MDB_val& val) {
  const auto value = without_row_check(table, key, to_view(val));
  if (!value) throw Failure{StoreErrc::store_damaged};
  return *value;
}

bool before(BytesView key, BytesView end) { return end.empty() || compare_bytes(key, end) < 0; }

struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};

class Cursor {
 public:
  Cursor(MDB_txn* txn, unsigned dbi) {
    MDB_cursor* raw = nullptr;
    check(mdb_cursor_open(txn, dbi, &raw));
    cursor_.reset(raw);
  }
  // Moves the cursor. False if there is nothing to move to.
  bool move(MDB_cursor_op op) {
    const int code = mdb_cursor_get(cursor_.get(), &key_, &value_, op);
    if (code == MDB_NOTFOUND) return false;
    check(code);
    return true;
  }
  bool seek(BytesView first) {
    if (first.empty()) return move(MDB_FIRST);
    key_ = to_val(first);
    return move(MDB_SET_RANGE);
  }
  // Moves to the last key that is less than `end`.
  bool seek_before(BytesView end) { return !end.empty() && seek(end) ? move(MDB_PREV) : move(MDB_LAST); }

  BytesView key() const { return to_view(key_); }
  const MDB_val& value() const { return value_; }

 private:
  std::unique_ptr<MDB_cursor, CloseCursor> cursor_;
  MDB_val key_{}, value_{};
};

// Marks a table as being read for as long as this object lives.
class Scanning {
 public:
  Scanning(std::uint64_t& tables, std::size_t slot) : tables_(tables), before_(tables) {
    tables |= std::uint64_t{1} << slot;
  }
  ~Scanning() { tables_ = before_; }
  Scanning(const Scanning&) = delete;
  Scanning& operator=(const Scanning&) = delete;

 private:
  std::uint64_t& tables_;
  std::uint64_t before_;
};

}  // namespace

ReadTxn::ReadTxn(const Environment& environment, Access access) : environment_(environment) {
  check(mdb_txn_begin(environment.get(), nullptr, access == Access::read ? MDB_RDONLY : 0u, &txn_));
  enter_pages();
}

ReadTxn::~ReadTxn() {
  leave_pages();
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

ReadTxn::View ReadTxn::find(const TableId& table, BytesView key) const {
  auto k = key_val(key);
  MDB_val v{};
  const int code = mdb_get(txn_, environment_.handle(table), &k, &v);
  if (code == MDB_NOTFOUND) return std::nullopt;
  check(code);
  return checked(table, key, v);
}

std::optional<ReadTxn::Row> ReadTxn::find_last(const TableId& table, BytesView first, BytesView end) const {
  Cursor cursor{txn_, environment_.handle(table)};
  if (!cursor.seek_before(end)) return std::nullopt;
  if (before(cursor.key(), first) && !first.empty()) return std::nullopt;
  return Row{cursor.key(), checked(table, cursor.key(), cursor.value())};
}

void ReadTxn::each(const TableId& table, BytesView first, BytesView end,
                   const std::function<bool(BytesView, BytesView)>& fn) const {
  const Scanning mark{scanning_, table.slot};
  Cursor cursor{txn_, environment_.handle(table)};
  for (bool more = cursor.seek(first); more && before(cursor.key(), end); more = cursor.move(MDB_NEXT))
    if (!fn(cursor.key(), checked(table, cursor.key(), cursor.value()))) return;
}

std::uint64_t ReadTxn::rows(const TableId& table) const {
  MDB_stat stat{};
  check(mdb_stat(txn_, environment_.handle(table), &stat));
  return stat.ms_entries;
}

bool WriteTxn::store(const TableId& table, BytesView key, BytesView value, Existing existing) {
  VAULT_ASSERT((scanning_ >> table.slot & 1) == 0);
  VAULT_ASSERT(value.size() <= table.value_bytes);
  const auto stored = table.check == RowCheck::none ? Bytes{} : with_row_check(table, key, value);
  auto k = key_val(key);
  auto v = to_val(table.check == RowCheck::none ? value : BytesView{stored});
  const int code = mdb_put(txn_, environment_.handle(table), &k, &v, existing == Existing::keep ? MDB_NOOVERWRITE : 0u);
  if (code == MDB_KEYEXIST) return false;
  check(code);
  return true;
}

bool WriteTxn::erase(const TableId& table, BytesView key) {
  VAULT_ASSERT((scanning_ >> table.slot & 1) == 0);
  auto k = key_val(key);
  const int code = mdb_del(txn_, environment_.handle(table), &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  check(code);
  return true;
}

std::uint64_t WriteTxn::erase_range(const TableId& table, BytesView first, BytesView end) {
  std::vector<Bytes> keys;
  each(table, first, end, [&keys](BytesView key, BytesView) {
    keys.emplace_back(key.begin(), key.end());
    return true;
  });
  for (const auto& key : keys) erase(table, key);
  return keys.size();
}

void WriteTxn::commit() { check(mdb_txn_commit(std::exchange(txn_, nullptr))); }

}  // namespace vault::store
