// SPDX-License-Identifier: Apache-2.0
#include "daemon/errc/errc.hpp"

#include "base/limits.hpp"
#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of daemon's errors has a class and a sentence") {
  tests::check_details(daemon_errors());
  CHECK(tests::names(DaemonErrc::too_many_devices, limits::devices));
  CHECK(tests::names(DaemonErrc::blob_too_large, limits::blob_bytes));
}
