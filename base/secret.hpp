// SPDX-License-Identifier: Apache-2.0
// Provides memory for secrets: locked into RAM, left out of core dumps, absent in a forked child, wiped when freed.
//
// A Secret can be moved but not copied, compared, printed or formatted. Passwords, keys and items' values are held in a
// Secret or in a container that uses WipingAllocator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace vault {

// Returns `size` bytes from the locked pool. Throws nothing but bad_alloc. If the pool cannot be locked
// (RLIMIT_MEMLOCK), memory is still wiped and secret_memory_locked() returns false.
void* secret_allocate(std::size_t size);
// Wipes `size` bytes at `memory` and frees them.
void secret_deallocate(void* memory, std::size_t size) noexcept;
bool secret_memory_locked() noexcept;

// Overwrites `bytes` with zeros in a way that the compiler may not leave out.
void wipe(std::span<std::uint8_t> bytes) noexcept;

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(secret_allocate(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { secret_deallocate(p, n * sizeof(T)); }
  bool operator==(const WipingAllocator&) const = default;
};

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size) : bytes_(size) {}
  Secret(Secret&& from) noexcept : bytes_(std::move(from.bytes_)) { from.bytes_.clear(); }
  Secret& operator=(Secret&& from) noexcept {
    bytes_.swap(from.bytes_);
    from.bytes_.clear();
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() = default;  // the allocator wipes

  static Secret copy_of(BytesView bytes) {
    Secret out;
    out.bytes_.assign(bytes.begin(), bytes.end());
    return out;
  }
  static Secret copy_of(std::string_view text) { return copy_of(bytes_of(text)); }

  BytesView view() const { return bytes_; }
  std::span<std::uint8_t> writable() { return bytes_; }
  std::string_view text() const { return text_of(bytes_); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  void append(BytesView more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  void resize(std::size_t size) { bytes_.resize(size); }

 private:
  // Relies on std::vector: it never stores bytes inline, so one that was moved from or swapped keeps none.
  std::vector<std::uint8_t, WipingAllocator<std::uint8_t>> bytes_;
};

}  // namespace vault
