// SPDX-License-Identifier: Apache-2.0
// A process forked from one that has keys.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "crypto/commit.hpp"
#include "crypto/local.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace fork_test {
namespace {

const LocalPlace a_place{cheap, a_vault, a_device, 3, 9, 17};

// What a forked child writes to stderr before a signal ends it; "it went on" if none does.
template <class Body>
std::string last_words_of_a_child(Body body) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const auto child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
    dup2(ends[1], STDERR_FILENO);
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  std::array<char, 512> some{};
  for (ssize_t got = 0; (got = read(ends[0], some.data(), some.size())) > 0;)
    words.append(some.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? words : "it went on " + words;
}

}  // namespace

TEST_CASE("a child forked after a key was loaded cannot seal with it, nor open, nor derive", "[claim.1]") {
  const auto key = key_of_byte<OwnDeviceKey>(0xaa);
  const auto signer = signer_of_byte<CommitSigner>(2);
  const auto local = key_of_byte<LocalKey>(0x42);
  const auto vault_key = key_of_byte<VaultKey>(0x43);
  const auto header = commit_hdr0();
  const auto commit = seal_commit(key, signer, header, bytes_of("in the parent"));
  const auto is_ended = [](const std::string& words) {
    return words.find("key.process_ == ::getpid()") != std::string::npos;
  };
  const auto seal = [&] { (void)seal_commit(key, signer, header, bytes_of("in the child")); };
  CHECK(is_ended(last_words_of_a_child(seal)));
  const auto seal_local = [&] { (void)crypto::seal_local(local, a_place, bytes_of("in the child")); };
  CHECK(is_ended(last_words_of_a_child(seal_local)));
  const auto opener = key.opener();
  CHECK(is_ended(last_words_of_a_child([&] { (void)open_commit(opener, commit.view()); })));
  CHECK(is_ended(last_words_of_a_child([&] { (void)vault_key.local(a_vault); })));
  CHECK(open_commit(opener, commit.view()));  // the parent goes on
}

}  // namespace fork_test
