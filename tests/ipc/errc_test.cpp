// SPDX-License-Identifier: Apache-2.0
#include "ipc/errc.hpp"

#include "base/limits.hpp"
#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of ipc's errors has a class and a sentence") {
  tests::check_details(ipc_errors());
  CHECK(tests::names(IpcErrc::frame_too_large, limits::frame_bytes));
  CHECK(tests::names(IpcErrc::too_many_connections, limits::connections));
  CHECK(tests::names(IpcErrc::too_many_requests, limits::batch_requests));
}
