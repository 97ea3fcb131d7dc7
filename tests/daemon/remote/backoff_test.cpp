// SPDX-License-Identifier: Apache-2.0
#include "daemon/remote/backoff.hpp"
#include "daemon/errc/errc.hpp"

#include "base/errc.hpp"
#include "http/errc.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using daemon::Backoff;

namespace backoff_test {
namespace {

std::chrono::milliseconds longest_after(Backoff& backoff, boost::system::error_code failure) {
  std::chrono::milliseconds longest{};
  for (int i = 0; i < 200; ++i) longest = std::max(longest, backoff.after(failure));
  return longest;
}

}  // namespace

TEST_CASE("a server that is away is asked within half a minute, one that refuses within five") {
  Backoff backoff;
  for (const boost::system::error_code failure :
       {make_error_code(Errc::offline), make_error_code(HttpErrc::tls_refused),
        make_error_code(DaemonErrc::server_error), make_error_code(Errc::tamper)}) {
    backoff.reset();
    CHECK(backoff.after(failure) <= Backoff::first);
    const bool away = failure == Errc::offline;
    const auto longest = longest_after(backoff, failure);
    CHECK(longest <= (away ? Backoff::longest_absence : Backoff::longest));
    CHECK(longest > (away ? Backoff::longest_absence : Backoff::longest) / 2);
  }
}

TEST_CASE("a server that comes back, and then refuses, is not asked the faster for it") {
  Backoff backoff;
  longest_after(backoff, Errc::tamper);
  CHECK(backoff.after(Errc::tamper) >= Backoff::longest / 2);
  CHECK(backoff.after(Errc::offline) <= Backoff::longest_absence);
  CHECK(backoff.after(Errc::tamper) >= Backoff::longest_absence / 2);
}

}  // namespace backoff_test
