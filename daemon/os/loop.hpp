// SPDX-License-Identifier: Apache-2.0
// Runs the event loop, and measures each of its turns. A turn is one handler, from its beginning to where it waits
// again; as long as it lasts, nobody else is served. Measuring takes about half a microsecond a turn.
//
// `cpu` is what the thread computed, whatever else the machine had to do meanwhile. It is blind to waiting, so a turn
// in which the thread gave its processor away by itself is one that `slept`: it waited for a disk, a lock or a pipe,
// where only the loop itself should wait. Such a turn is counted with its time by the clock. What is not seen: a wait
// under 10 µs, and one in the turn that ends an idle spell, whose own wait for events looks the same. A busy loop has
// few of those.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>

namespace vault::daemon {

struct Turns {
  static constexpr std::size_t bounds = 12;
  // 62.5 µs and its doubles, to 128 ms.
  static constexpr std::chrono::nanoseconds bound(std::size_t i) { return std::chrono::nanoseconds{62'500} * (1 << i); }

  std::array<std::uint64_t, bounds + 1> by_cpu{};  // turns over bound(i - 1) and up to bound(i); the last are longer
  std::chrono::nanoseconds cpu{0}, longest_cpu{0};
  std::uint64_t slept = 0;
  std::chrono::nanoseconds longest_sleeper{0};  // by the clock

  std::uint64_t count() const;
};

// As io.run() does it, on the calling thread, which is the only one that runs `io`. `turns` outlives the call; it may
// be read by handlers.
void run_loop(boost::asio::io_context& io, Turns& turns);

}  // namespace vault::daemon
