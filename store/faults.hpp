// SPDX-License-Identifier: Apache-2.0
// What ends a process whose database's pages are not what they were: a file that was cut or edited under it, a disk
// that cannot read. LMDB has mapped the file, so that this is a signal and no error.
#pragma once

#include <cstddef>

struct MDB_env;

namespace vault::store {

inline constexpr int fault_exit = 13;  // that of Errc::storage

// From now on a SIGBUS, and a SIGSEGV or SIGFPE of a thread inside a transaction, ends the process with one line on
// stderr and fault_exit. Any other keeps its signal: it is our own mistake. Once, early.
void end_at_faults();

// LMDB's own assertions likewise.
void end_at_assertions(MDB_env* env);

// A transaction of this thread begins to look at pages, and ends.
void enter_pages();
void leave_pages();

}  // namespace vault::store
