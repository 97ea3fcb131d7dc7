// SPDX-License-Identifier: Apache-2.0
#include <sys/random.h>

#include <boost/system/system_error.hpp>
#include <cerrno>

#include "crypto/seams.hpp"

namespace vault::crypto::seams {

void audit_seal(const SealEvent&) {}

void fill_random(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto got = getrandom(out.data(), out.size(), 0);
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      throw boost::system::system_error{errno, boost::system::system_category(), "getrandom"};
  }
}

std::chrono::milliseconds pause(const char*, std::chrono::milliseconds usual) { return usual; }

std::uint64_t amount(const char*, std::uint64_t usual) { return usual; }

std::optional<Argon2Costs> extra_suite(std::uint8_t) { return std::nullopt; }

std::uint8_t default_suite() { return 1; }

}  // namespace vault::crypto::seams
