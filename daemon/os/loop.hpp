// SPDX-License-Identifier: Apache-2.0
// Runs the event loop and measures each of its turns. A turn is one handler, from its beginning to where it waits
// again; as long as it lasts, nobody else is served. Measuring takes about half a microsecond a turn.
//
// `cpu` is what the thread computed, whatever else the machine did meanwhile. It does not show waiting, so a turn in
// which the thread gave up its processor is counted as one that `slept`, with its time by the clock: it waited for a
// disk, a lock or a pipe, where only the loop itself should wait. Not seen are a wait under 10 µs, and a wait in the
// turn that ends an idle spell, since the loop's own wait for events looks the same. A busy loop has few of those.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>

namespace vault::daemon {

struct Turns {
  static constexpr std::size_t bounds = 12;
  // Returns 62.5 µs doubled `i` times, up to 128 ms.
  static constexpr std::chrono::nanoseconds bound(std::size_t i) { return std::chrono::nanoseconds{62'500} * (1 << i); }

  // Counts the turns over bound(i - 1) and up to bound(i); the last element those over all bounds.
  std::array<std::uint64_t, bounds + 1> by_cpu{};
  std::chrono::nanoseconds cpu{0}, longest_cpu{0};
  std::uint64_t slept = 0;
  std::chrono::nanoseconds longest_sleeper{0};  // by the clock

  std::uint64_t count() const;
};

// Runs `io` as io.run() does, on the calling thread. Requires: no other thread runs `io`; `turns` outlives the call.
// Handlers may read `turns`.
void run_loop(boost::asio::io_context& io, Turns& turns);

}  // namespace vault::daemon
