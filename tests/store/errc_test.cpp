// SPDX-License-Identifier: Apache-2.0
#include "store/errc.hpp"

#include "tests/support/error_details.hpp"

using namespace vault;

TEST_CASE("every detail of store's errors has a class and a sentence") { tests::check_details(store_errors()); }
