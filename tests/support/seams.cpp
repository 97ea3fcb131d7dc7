// SPDX-License-Identifier: Apache-2.0
#include "tests/support/seams.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string>

#include "base/assert.hpp"
#include "base/fault_point.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "crypto/seams.hpp"

namespace vault::tests {
namespace {

RandomSource::Fill& random_source() {
  static RandomSource::Fill fill;
  return fill;
}

Audit*& current_audit() {
  static Audit* audit = nullptr;
  return audit;
}

// One write(2) with O_APPEND a line, so that threads and processes may share the file.
void append_line(const char* variable, const std::string& line) {
  const char* path = std::getenv(variable);
  if (path == nullptr) return;
  const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  VAULT_ASSERT(fd >= 0);
  const auto text = line + "\n";
  VAULT_ASSERT(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(fd);
}

// One life of one clone: it is what a counter is for.
std::string branch() {
  const char* name = std::getenv("VAULT_BRANCH");
  return name != nullptr ? name : "-";
}

unsigned count_pass(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, unsigned> passes;
  const std::lock_guard lock{mutex};
  return ++passes[name];
}

void kill_if_asked(const std::string& name) {
  const char* asked = std::getenv("VAULT_FAULT");
  if (asked == nullptr) return;
  if (asked == name + ":" + std::to_string(count_pass(name))) kill(getpid(), SIGKILL);
}

// The number behind a name in a variable such as "one=1,two=2".
std::optional<long> number_asked(const char* variable, std::string_view name) {
  const char* asked = std::getenv(variable);
  std::istringstream all{asked != nullptr ? asked : ""};
  for (std::string one; std::getline(all, one, ',');)
    if (const auto at = one.find('='); one.substr(0, at) == name) return std::stol(one.substr(at + 1));
  return std::nullopt;
}

}  // namespace

RandomSource::RandomSource(Fill fill) { random_source() = std::move(fill); }
RandomSource::RandomSource(Bytes always)
    : RandomSource([always = std::move(always)](std::span<std::uint8_t> out) {
        std::ranges::fill(out, std::uint8_t{0});
        std::copy_n(always.begin(), std::min(always.size(), out.size()), out.begin());
      }) {}
RandomSource::~RandomSource() { random_source() = nullptr; }

Audit::Audit() { current_audit() = this; }
Audit::~Audit() { current_audit() = nullptr; }

}  // namespace vault::tests

namespace vault {

void fault_point(const char* name) {
  tests::append_line("VAULT_FAULT_LOG", name);
  tests::kill_if_asked(name);
}

}  // namespace vault

namespace vault::crypto::seams {

void audit_seal(const SealEvent& event) {
  if (std::getenv("VAULT_AUDIT_KEYS") != nullptr)
    tests::append_line("VAULT_AUDIT_KEYS",
                       hex(event.key) + " " + hex(event.ek) + " " + hex(event.iv) + " " + hex(event.ciphertext));
  if (tests::current_audit() == nullptr && std::getenv("VAULT_AUDIT") == nullptr) return;
  const tests::AuditEntry entry{sha256(event.ek, event.iv), sha256(event.ciphertext), sha256(event.key), event.device,
                                event.counter};
  if (auto* audit = tests::current_audit()) audit->entries.push_back(entry);
  tests::append_line("VAULT_AUDIT", hex(entry.pair) + " " + hex(entry.ciphertext) + " " +
                                        hex(entry.key.view().first(8)) + " " + hex(entry.device) + " " +
                                        std::to_string(entry.counter) + " " + std::to_string(event.kind) + " " +
                                        tests::branch());
}

void fill_random(std::span<std::uint8_t> out) {
  if (tests::random_source()) return tests::random_source()(out);
  VAULT_ASSERT(getrandom(out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
}

std::chrono::milliseconds pause(const char* name, std::chrono::milliseconds usual) {
  const auto asked = tests::number_asked("VAULT_PAUSE", name);
  return asked ? std::chrono::milliseconds{*asked} : usual;
}

std::uint64_t amount(const char* name, std::uint64_t usual) {
  const auto asked = tests::number_asked("VAULT_AMOUNT", name);
  return asked ? static_cast<std::uint64_t>(*asked) : usual;
}

std::optional<Argon2Costs> extra_suite(std::uint8_t suite) {
  if (suite != 0xFE) return std::nullopt;
  return Argon2Costs{.memory_kib = 64, .passes = 1, .lanes = 1};
}

std::uint8_t default_suite() { return 0xFE; }

}  // namespace vault::crypto::seams
