// SPDX-License-Identifier: Apache-2.0
// Defines the methods that ask the server now.
#pragma once

#include <cstdint>

#include "ipc/method.hpp"

namespace vault::ipc {

struct SyncParams {
  std::optional<std::uint64_t> timeout_seconds;
};
BOOST_DESCRIBE_STRUCT(SyncParams, (), (timeout_seconds))

struct SyncResult {
  std::uint64_t pulled = 0, pushed = 0;  // numbers of commits
};
BOOST_DESCRIBE_STRUCT(SyncResult, (), (pulled, pushed))

namespace methods {

inline constexpr Method<SyncParams, SyncResult> sync_now{
    "sync.now", "Pull and verify all that the server has, and push all that it has not."};

}  // namespace methods
}  // namespace vault::ipc
