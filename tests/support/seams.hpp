// SPDX-License-Identifier: Apache-2.0
// What a test can do at the points of base/fault_point.hpp and behind the seams of crypto/seams.hpp.
//
// A test program, or a daemon linked for tests, obeys these variables of its environment:
//   VAULT_FAULT=name:n      at the nth pass (from 1) of the fault point `name` the process kills itself, with SIGKILL
//   VAULT_FAULT_LOG=file    appends the name of each fault point that is passed, a line each
//   VAULT_PAUSE=name=ms,…   a time that the program lets pass is that long: "ack.least=100,ack.delay=0"
//   VAULT_AUDIT=file        appends a line for each AES-GCM invocation that seals: sha256(ek ‖ iv), sha256(ciphertext),
//                           the first 8 bytes of sha256(K), device id, counter, kind, branch; hex but for the last three
//   VAULT_BRANCH=word       the branch of such a line: a name for this process, as a clone and a life of one
//   VAULT_AUDIT_KEYS=file   appends a line for each of them with the secrets themselves, in hex: K, ek, iv, ciphertext
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace vault::tests {

// Replaces getrandom while it lives. One at a time, and no other thread may seal meanwhile.
class RandomSource {
 public:
  using Fill = std::function<void(std::span<std::uint8_t>)>;
  explicit RandomSource(Fill fill);
  explicit RandomSource(Bytes always);  // every draw begins with these bytes; zeros follow
  ~RandomSource();
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;
};

struct AuditEntry {
  Hash pair;  // sha256(ek ‖ iv)
  Hash ciphertext;
  Hash key;  // sha256(K)
  DeviceId device;
  std::uint64_t counter;
};

// Collects what is sealed while it lives.
class Audit {
 public:
  Audit();
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;
  std::vector<AuditEntry> entries;
};

}  // namespace vault::tests
