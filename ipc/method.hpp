// SPDX-License-Identifier: Apache-2.0
// Describes a method: its name, the types of its params and its result, what a lock does to it and how much it answers.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/limits.hpp"
#include "ipc/passed_file.hpp"
#include "ipc/types.hpp"

namespace vault::ipc {

// Says whether a call uses the vault and so puts off its locking itself. Asking for the status does not: a program that
// asks every second must not keep a vault open that nobody needs. A transfer of a large value is a use while it
// lives, until an hour (limits::transfer_use) has gone by in which no MiB of it moved.
enum class Use { no, yes };

// Says what a lock of the vault does to a call. The lock waits until the calls that `go` have ended and their results
// have been taken. After limits::lock_grace it closes the connections of clients that do not take theirs.
enum class AtLock {
  stays,        // holds nothing that a lock takes away
  goes,         // both the call and its result hold what the vault protects
  result_goes,  // only its result does; the call ends when its work is done
  itself        // the call is the lock
};

// Says how much memory a call's result may take. Results count before they are made, with the most that they can be,
// then with their size until they have been taken: limits::client_bytes for a connection, limits::clients_bytes for
// all. A call waits until there is room, unless its result is small.
//
// The answers of a batch are sent together when the last is ready, and have limits::answer_bytes together. Where others
// wait longer than a grace period, the rest of a batch is answered E_BUSY. If a batch contains a lock, results of reads
// before it are sent with the lock's own. When a client has gone or was closed, its calls are cancelled and its batches
// stop.
struct Footprint {
  AtLock at_lock = AtLock::stays;
  std::size_t most = limits::small_answer_bytes;  // bytes of its result as JSON
};

template <class P, class R>
struct Method {
  using Params = P;
  using Result = R;
  std::string_view name, summary;
  Use use = Use::no;
  Takes takes = Takes::nothing;
  Footprint footprint = {};
};

namespace footprint {

inline constexpr std::size_t escaped = 6;  // how much JSON can lengthen a text: \u001f
inline constexpr std::size_t attributes_bytes =
    limits::attributes * (limits::attribute_key_bytes + limits::attribute_value_bytes + 6);
inline constexpr std::size_t heads_bytes = limits::item_heads * 64;

inline constexpr Footprint item{AtLock::goes};
inline constexpr Footprint value{AtLock::goes,
                                 escaped*(limits::value_bytes + attributes_bytes + limits::name_bytes) + heads_bytes};
inline constexpr Footprint page{AtLock::goes, 2 << 20};
inline constexpr Footprint history{AtLock::goes, limits::answer_bytes};  // of versions that each replace many
inline constexpr Footprint versions{AtLock::goes, limits::commit_records * 64};
inline constexpr Footprint sealed{AtLock::stays, 512 * 1024};
inline constexpr Footprint text{AtLock::stays, 128 * 1024};
inline constexpr Footprint sheet{AtLock::result_goes};
inline constexpr Footprint lock{AtLock::itself};

}  // namespace footprint

}  // namespace vault::ipc
