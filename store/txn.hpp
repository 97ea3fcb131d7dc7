// SPDX-License-Identifier: Apache-2.0
// A transaction shows the database at one moment, to read it or to change it as a whole.
//
// Only Store makes transactions, and only for the length of a call: they cannot be copied, moved or kept. Results are
// values that do not die with the transaction, and no cursor is ever seen. Every member throws store::Failure, which
// Store turns into a Result.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/error.hpp"
#include "store/table.hpp"

struct MDB_txn;

namespace vault::store {

class Environment;

class ReadTxn {
 public:
  ReadTxn(const ReadTxn&) = delete;
  ReadTxn& operator=(const ReadTxn&) = delete;
  ~ReadTxn();

  template <class K, class V>
  [[nodiscard]] std::optional<V> get(const Table<K, V>& table, const std::type_identity_t<K>& key) const {
    const auto value = find(table.id, encode(key));
    if (!value) return std::nullopt;
    return value_of<V>(*value);
  }

  template <class K, class V>
  [[nodiscard]] bool contains(const Table<K, V>& table, const std::type_identity_t<K>& key) const {
    return find(table.id, encode(key)).has_value();
  }

  // Calls fn(const K&, V&&) for every row of the range, in key order, until a call returns false. An `fn` that returns
  // nothing sees all rows. Requires: `fn` does not change the table.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table, const Range<K>& range, Fn&& fn) const {
    each(table.id, range.first(), range.end(), [&fn](BytesView key, BytesView value) {
      if constexpr (std::is_void_v<std::invoke_result_t<Fn&, const K&, V&&>>) {
        fn(value_of<K>(key), value_of<V>(value));
        return true;
      } else {
        return static_cast<bool>(fn(value_of<K>(key), value_of<V>(value)));
      }
    });
  }

  // Returns the greatest key of the range and its value.
  template <class K, class V>
  [[nodiscard]] std::optional<std::pair<K, V>> last(const Table<K, V>& table, const Range<K>& range) const {
    const auto row = find_last(table.id, range.first(), range.end());
    if (!row) return std::nullopt;
    return std::pair{value_of<K>(row->first), value_of<V>(row->second)};
  }

  // Returns all keys of the table, ascending.
  template <class K, class V>
  [[nodiscard]] std::vector<K> keys(const Table<K, V>& table) const {
    std::vector<K> out;
    const auto all = Range<K>::all();
    each(table.id, all.first(), all.end(), [&out](BytesView key, BytesView) {
      out.push_back(value_of<K>(key));
      return true;
    });
    return out;
  }

  // Returns the bytes of all values in the range, without reading the values.
  template <class K, class V>
  [[nodiscard]] std::uint64_t bytes(const Table<K, V>& table, const Range<K>& range) const {
    std::uint64_t sum = 0;
    each(table.id, range.first(), range.end(), [&sum](BytesView, BytesView value) {
      sum += value.size();
      return true;
    });
    return sum;
  }

  // Returns the number of rows in the table.
  template <class K, class V>
  [[nodiscard]] std::uint64_t count(const Table<K, V>& table) const {
    return rows(table.id);
  }

 protected:
  friend class Store;
  enum class Access { read, write };
  ReadTxn(const Environment& environment, Access access);

  template <class T>
  static T value_of(BytesView bytes) {
    auto value = decode<T>(bytes);
    if (!value) throw Failure{value.error()};
    return std::move(*value);
  }

  // Views into the map are good until the next change in this transaction.
  using View = std::optional<BytesView>;
  using Row = std::pair<BytesView, BytesView>;
  View find(const TableId& table, BytesView key) const;
  std::optional<Row> find_last(const TableId& table, BytesView first, BytesView end) const;
  void each(const TableId& table, BytesView first, BytesView end,
            const std::function<bool(BytesView key, BytesView value)>& fn) const;
  std::uint64_t rows(const TableId& table) const;

  const Environment& environment_;
  MDB_txn* txn_ = nullptr;
  mutable std::uint64_t scanning_ = 0;  // one bit for each table
};

class WriteTxn : public ReadTxn {
 public:
  template <class K, class V>
  void put(const Table<K, V>& table, const std::type_identity_t<K>& key, const std::type_identity_t<V>& value) {
    store(table.id, encode(key), encode(value), Existing::replace);
  }

  // Puts a row if its key does not exist yet. True if it did.
  template <class K, class V>
  [[nodiscard]] bool insert(const Table<K, V>& table, const std::type_identity_t<K>& key,
                            const std::type_identity_t<V>& value) {
    return store(table.id, encode(key), encode(value), Existing::keep);
  }

  // Removes a row. True if it existed.
  template <class K, class V>
  bool remove(const Table<K, V>& table, const std::type_identity_t<K>& key) {
    return erase(table.id, encode(key));
  }

  // Removes every row of the range and returns how many there were.
  template <class K, class V>
  std::uint64_t remove(const Table<K, V>& table, const Range<K>& range) {
    return erase_range(table.id, range.first(), range.end());
  }

 private:
  friend class Store;
  friend class Environment;
  explicit WriteTxn(const Environment& environment) : ReadTxn(environment, Access::write) {}

  enum class Existing { replace, keep };
  bool store(const TableId& table, BytesView key, BytesView value, Existing existing);
  bool erase(const TableId& table, BytesView key);
  std::uint64_t erase_range(const TableId& table, BytesView first, BytesView end);
  // Makes the transaction durable before it returns. Ends it even on failure.
  void commit();
};

}  // namespace vault::store
