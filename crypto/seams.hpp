// SPDX-License-Identifier: Apache-2.0
// Declares the places where a test may look in or change a condition. A release links crypto/seams_off.cpp, which does
// nothing; a test program links tests/support/seams.cpp. All other object files are the same in both.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "base/bytes.hpp"

namespace vault::crypto::seams {

// Describes one call of AES-GCM to seal. The views die with the call of audit_seal().
struct SealEvent {
  BytesView key;  // K, from which ek was derived
  BytesView ek;
  BytesView iv;
  BytesView ciphertext;  // includes the tag
  DeviceId device;
  std::uint64_t counter;
  std::uint8_t kind;  // kind of the object
};
void audit_seal(const SealEvent& event);

// Fills `out` from getrandom(2). Throws system_error if the kernel refuses.
void fill_random(std::span<std::uint8_t> out);

// Returns how long the program shall wait: `usual`, or less in a test. Names are literals: "ack.least".
std::chrono::milliseconds pause(const char* name, std::chrono::milliseconds usual);

// Returns the amount at which the program does an occasional task: `usual`, or less in a test. Names are literals:
// "index.unsaved".
std::uint64_t amount(const char* name, std::uint64_t usual);

struct Argon2Costs {
  std::uint32_t memory_kib;
  std::uint32_t passes;
  std::uint32_t lanes;
};

// Returns the costs of a suite that exists only in tests; nullopt in a release, for every number.
std::optional<Argon2Costs> extra_suite(std::uint8_t suite);

// Returns the suite of a new vault.
std::uint8_t default_suite();

}  // namespace vault::crypto::seams
