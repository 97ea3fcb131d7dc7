// SPDX-License-Identifier: Apache-2.0
// Parses the target of a request: a path, and the parameters that it may have. Strict, so that a request has only one
// spelling: nothing is percent-decoded, a parameter comes once, numbers are plain decimal.
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

  // Returns the parameter as a number from 1 to `most`. Errors: usage if it is missing or anything else.
  Result<std::uint64_t> number(std::string_view name, std::uint64_t most) const;
};

// Returns views of `text`. Errors: usage for a query that is not NAME=VALUE&..., or that names a parameter twice.
Result<Target> parse_target(std::string_view text);

}  // namespace vault::server
