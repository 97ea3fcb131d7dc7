// SPDX-License-Identifier: Apache-2.0
// Memory for secrets: locked into RAM, left out of core dumps, gone in a forked child, wiped when given back.
//
// A Secret can be moved; it cannot be copied, compared, printed or formatted. Whatever holds a password, a
// key or an item's value is one, or lives in a container that uses WipingAllocator.
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

// `size` bytes from the locked pool; never fails but by bad_alloc. If the pool cannot be locked
// (RLIMIT_MEMLOCK) the memory is still wiped, and secret_memory_locked() says false.
void* secret_allocate(std::size_t size);
void secret_deallocate(void* memory, std::size_t size) noexcept;  // wipes, then gives back
bool secret_memory_locked() noexcept;

// Overwrites in a way that the compiler may not leave out.
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
  // A moved-from or swapped vector must not keep bytes: std::vector never stores them inline.
  std::vector<std::uint8_t, WipingAllocator<std::uint8_t>> bytes_;
};

}  // namespace vault
