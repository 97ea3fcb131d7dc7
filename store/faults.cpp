// SPDX-License-Identifier: Apache-2.0
#include "store/faults.hpp"

#include <lmdb.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string_view>

#include "base/errc.hpp"

namespace vault::store {
namespace {

thread_local unsigned depth = 0;
bool watched = false;

constexpr std::string_view words =
    "vaultd: the database's file is damaged, or was cut or changed while in use: start vaultd again, which saves what "
    "is good of it\n";

[[noreturn]] void end_process() {
  (void)!::write(STDERR_FILENO, words.data(), words.size());
  ::_exit(fault_exit);
}

void on_signal(int signal) {
  if (signal == SIGBUS || depth > 0) end_process();
  ::signal(signal, SIG_DFL);
  ::raise(signal);  // the default action follows when this returns, whoever sent the first signal
}

void on_assertion(MDB_env*, const char*) { end_process(); }

// Gives a thread a stack for signal handlers, since its own stack may be what is broken.
class SignalStack {
 public:
  SignalStack() : memory_(std::make_unique<char[]>(bytes)) {
    stack_t stack{};
    stack.ss_sp = memory_.get();
    stack.ss_size = bytes;
    ::sigaltstack(&stack, nullptr);
  }
  ~SignalStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }

 private:
  static constexpr std::size_t bytes = 64 * 1024;
  std::unique_ptr<char[]> memory_;
};

}  // namespace

void end_at_faults() {
  watched = true;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGBUS, SIGSEGV, SIGFPE}) ::sigaction(signal, &action, nullptr);
}

void end_at_assertions(MDB_env* env) {
  if (watched) mdb_env_set_assert(env, on_assertion);
}

void enter_pages() {
  if (watched && depth == 0) {
    static thread_local const SignalStack stack;
    (void)stack;
  }
  ++depth;
}

void leave_pages() { --depth; }

}  // namespace vault::store
