// SPDX-License-Identifier: Apache-2.0
#include "wire/errc.hpp"

#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of wire's errors has a class and a sentence") { tests::check_details(wire_errors()); }
