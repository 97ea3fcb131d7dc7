// SPDX-License-Identifier: Apache-2.0
#include "ctl/errc.hpp"

#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of ctl's errors has a class and a sentence") { tests::check_details(ctl_errors()); }
