// SPDX-License-Identifier: Apache-2.0
#include "ctl/interrupts.hpp"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "ctl/output.hpp"

namespace vault::ctl {
namespace {

volatile std::sig_atomic_t interrupts = 0;

extern "C" void count_interrupt(int) { interrupts = interrupts + 1; }

constexpr std::string_view wait_text =
    "\nvaultd has begun the change: waiting to say what becomes of it. Ctrl-C again leaves.\n";
constexpr std::string_view left_text = "\nLeft. vaultd goes on: vaultctl status says what became of the change.\n";

}  // namespace

SeenThrough::SeenThrough() {
  interrupts = 0;
  struct sigaction count {};
  count.sa_handler = count_interrupt;
  sigaction(SIGINT, &count, &before_);
  if (before_.sa_handler == SIG_IGN) sigaction(SIGINT, &before_, nullptr);  // in the background nobody types
}

SeenThrough::~SeenThrough() { sigaction(SIGINT, &before_, nullptr); }

bool SeenThrough::interrupted() { return interrupts > 0; }

void SeenThrough::tick() {
  if (interrupts == 0) return;
  if (interrupts > 1) {
    write_all(STDERR_FILENO, left_text);
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  if (!std::exchange(told_, true)) write_all(STDERR_FILENO, wait_text);
}

}  // namespace vault::ctl
