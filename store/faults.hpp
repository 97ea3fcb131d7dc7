// SPDX-License-Identifier: Apache-2.0
// Ends a process whose database pages have changed under it: the file was cut or edited, or the disk cannot read. Since
// LMDB maps the file, this comes as a signal and not as an error.
#pragma once

#include <cstddef>

struct MDB_env;

namespace vault::store {

inline constexpr int fault_exit = 13;  // the exit code of Errc::storage

// Makes SIGBUS, and a SIGSEGV or SIGFPE of a thread inside a transaction, end the process with one line on stderr and
// fault_exit. Other faults keep their signal, for they are our own mistakes. Call once, early.
void end_at_faults();

// Makes LMDB's own assertions end the process in the same way.
void end_at_assertions(MDB_env* env);

// Mark where a transaction of this thread begins and ends to look at pages.
void enter_pages();
void leave_pages();

}  // namespace vault::store
