// SPDX-License-Identifier: Apache-2.0
// Where a test may look in or change a condition, and nothing else. A release links crypto/seams_off.cpp, which
// does nothing, and its server fault_point_off.cpp alone; a test program links tests/support/seams.cpp. Every other
// object is the same file in both.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "base/bytes.hpp"

namespace vault::crypto::seams {

// A point at which a test may end the process. Names are literals: "store.before-commit".
void fault_point(const char* name);

// One invocation of AES-GCM to seal. The views die with the call.
struct SealEvent {
  BytesView key;  // K
  BytesView ek;
  BytesView iv;
  BytesView ciphertext;  // with its tag
  DeviceId device;
  std::uint64_t counter;
  std::uint8_t kind;  // of the object
};
void audit_seal(const SealEvent& event);

// Fills `out` from getrandom(2). Throws system_error if the kernel refuses.
void fill_random(std::span<std::uint8_t> out);

// A time that the program lets pass, which a test may shorten. Names are literals: "ack.least".
std::chrono::milliseconds pause(const char* name, std::chrono::milliseconds usual);

// An amount at which the program does what it need not do often, which a test may lower. Names are literals:
// "index.unsaved".
std::uint64_t amount(const char* name, std::uint64_t usual);

struct Argon2Costs {
  std::uint32_t memory_kib;
  std::uint32_t passes;
  std::uint32_t lanes;
};

// The costs of a suite that exists in tests only; nullopt in a release, for every number.
std::optional<Argon2Costs> extra_suite(std::uint8_t suite);

// The suite of a new vault.
std::uint8_t default_suite();

}  // namespace vault::crypto::seams
