// SPDX-License-Identifier: Apache-2.0
#include "http/errc.hpp"

#include "base/limits.hpp"
#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of http's errors has a class and a sentence") {
  tests::check_details(http_errors());
  CHECK(tests::names(HttpErrc::ca_bad, limits::ca_file_bytes));
}
