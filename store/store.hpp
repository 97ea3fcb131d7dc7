// SPDX-License-Identifier: Apache-2.0
// Owns the environment of a process's database and lends out transactions.
//
//   const auto seq = store.write([&](WriteTxn& tx) -> Result<std::uint64_t> {
//     const auto head = tx.get(heads, device).value_or(Head{});
//     if (head.seq != expected) return Errc::conflict;    // nothing of this body remains
//     tx.put(chains, {device, head.seq + 1}, commit);
//     tx.put(heads, device, {head.seq + 1, hash});        // with the commit or not at all
//     return head.seq + 1;
//   });
//
// A write is on the disk when it returns. If its body returns an error or throws, or if the database fails, the write
// is rolled back, and the result has the error. All writes come from one thread, reads from any.
#pragma once

#include <atomic>
#include <concepts>
#include <coroutine>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <type_traits>

#include "base/assert.hpp"
#include "store/environment.hpp"
#include "store/txn.hpp"

namespace vault::store {

template <class T>
struct Unwrapped {
  using type = T;
};
template <class T>
struct Unwrapped<Result<T>> {
  using type = T;
};
template <class T>
using unwrapped = typename Unwrapped<std::remove_cv_t<T>>::type;

template <class T>
inline constexpr bool is_view = std::is_reference_v<T> || std::is_pointer_v<T> || std::derived_from<T, ReadTxn>;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;
template <class C>
inline constexpr bool is_view<std::basic_string_view<C>> = true;
template <class T>
inline constexpr bool is_view<std::optional<T>> = is_view<T>;

// Matches coroutines. A suspended body would hold the only writer's place, or a reader's, for as long as its peer
// likes.
template <class T>
concept Coroutine = requires {
  typename std::coroutine_traits<T>::promise_type;
};

// Matches what a transaction's body may return: values that own what they hold.
template <class T>
concept Outlives = !is_view<T> && !is_view<unwrapped<T>> && !Coroutine<T>;

template <class F, class Txn>
concept Body = std::invocable<F&, Txn&> && Outlives<std::invoke_result_t<F&, Txn&>>;

class Store {
 public:
  // Counts the writes after which slots of dead readers are freed. A process beside this one, a backup for instance,
  // may die while it reads.
  static constexpr std::uint64_t dead_readers_after = 64;

  // Opens the database. Errors: state_unsafe, state_remote, state_in_use, as lock_folder; store_newer if a later
  // version of this program wrote it; store_older if it is from before Options::oldest; store_damaged, disk_full and
  // the system's errors, about the file.
  static Result<Store> open(const std::filesystem::path& folder, const Options& options) {
    return guarded([&folder, &options] { return Store{std::make_unique<Environment>(folder, options)}; });
  }

  template <Body<ReadTxn> F>
  [[nodiscard]] Result<unwrapped<std::invoke_result_t<F&, ReadTxn&>>> read(F&& body) const {
    return guarded([this, &body] {
      ReadTxn tx{*environment_, ReadTxn::Access::read};
      return body(tx);
    });
  }

  template <Body<WriteTxn> F>
  [[nodiscard]] Result<unwrapped<std::invoke_result_t<F&, WriteTxn&>>> write(F&& body) {
    using Returned = std::invoke_result_t<F&, WriteTxn&>;
    const Turn turn{*writer_};
    return guarded([this, &body]() -> Result<unwrapped<Returned>> {
      if (++writer_->writes % dead_readers_after == 0) environment_->forget_dead_readers();
      WriteTxn tx{*environment_};
      if constexpr (std::is_void_v<Returned>) {
        body(tx);
        tx.commit();
        return {};
      } else {
        Result<unwrapped<Returned>> result = body(tx);
        if (result) tx.commit();
        return result;
      }
    });
  }

  // Returns how many commits since the opening have changed something and are on the disk.
  std::uint64_t durable_commits() const { return environment_->last_commit() - opened_at_; }

  // Writes a consistent copy to a new file. The store may be in use.
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path& file) const {
    return guarded([this, &file] { environment_->copy_to(file); });
  }

 private:
  explicit Store(std::unique_ptr<Environment> environment)
      : environment_(std::move(environment)),
        writer_(std::make_unique<Writer>()),
        opened_at_(environment_->last_commit()) {}

  struct Writer {
    std::atomic<std::thread::id> thread{};
    bool busy = false;
    std::uint64_t writes = 0;
  };

  // Asserts that all writes come from the thread of the first, and that none begins inside another.
  class Turn {
   public:
    explicit Turn(Writer& writer) : writer_(writer) {
      std::thread::id nobody{};
      const auto self = std::this_thread::get_id();
      VAULT_ASSERT(writer.thread.compare_exchange_strong(nobody, self) || nobody == self);
      VAULT_ASSERT(!writer.busy);
      writer.busy = true;
    }
    ~Turn() { writer_.busy = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Writer& writer_;
  };

  template <class F>
  static Result<unwrapped<std::invoke_result_t<F&>>> guarded(F&& f) {
    using Returned = Result<unwrapped<std::invoke_result_t<F&>>>;
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        f();
        return {};
      } else {
        return f();
      }
    } catch (const Failure& failure) {
      return Returned{boost::system::in_place_error, failure.code()};
    }
  }

  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Writer> writer_;
  std::uint64_t opened_at_;
};

}  // namespace vault::store
