// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <new>

namespace vault {
namespace {

std::atomic<bool> all_locked{true};

// Allocates whole pages from the kernel and never gives them back while they are in use.
class LockedPages final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override {
    void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc{};
    if (mlock(pages, size) != 0) all_locked = false;
    madvise(pages, size, MADV_DONTDUMP);
    madvise(pages, size, MADV_WIPEONFORK);
    return pages;
  }
  void do_deallocate(void* pages, std::size_t size, std::size_t) override { munmap(pages, size); }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

std::pmr::memory_resource& pool() {
  // Leaks the pool on purpose: a secret in a static object may outlive any destructor here.
  static auto* pages = new LockedPages;
  static auto* pool = new std::pmr::synchronized_pool_resource(
      {.max_blocks_per_chunk = 64, .largest_required_pool_block = 4096}, pages);
  return *pool;
}

// Rounds `size` up to a multiple of the largest alignment. libstdc++'s pool aligns a block only as far as its size is a
// multiple of that alignment.
std::size_t whole(std::size_t size) {
  constexpr auto unit = alignof(std::max_align_t);
  return (std::max<std::size_t>(size, 1) + unit - 1) / unit * unit;
}

}  // namespace

void* secret_allocate(std::size_t size) { return pool().allocate(whole(size), alignof(std::max_align_t)); }

void secret_deallocate(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return;
  explicit_bzero(memory, size);
  pool().deallocate(memory, whole(size), alignof(std::max_align_t));
}

bool secret_memory_locked() noexcept { return all_locked; }

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace vault
