// SPDX-License-Identifier: Apache-2.0
// The target of a request, taken apart: a path of our own, and the parameters that it may have. Strict, since one
// request has one spelling: nothing is percent-decoded, a parameter comes once, numbers are plain decimal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/errc.hpp"

namespace vault::server {

struct Target {
  std::string_view path;
  std::map<std::string_view, std::string_view> parameters;

  // The parameter as a number from 1 to `most`. Errc::usage if it is missing or anything else.
  Result<std::uint64_t> number(std::string_view name, std::uint64_t most) const;
};

// Views into `text`. Errc::usage for a query that is not NAME=VALUE&..., or names one twice.
Result<Target> parse_target(std::string_view text);

}  // namespace vault::server
