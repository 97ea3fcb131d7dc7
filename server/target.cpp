// SPDX-License-Identifier: Apache-2.0
#include "server/target.hpp"

#include <charconv>

namespace vault::server {

Result<std::uint64_t> Target::number(std::string_view name, std::uint64_t most) const {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return Errc::usage;
  const auto digits = found->second;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '0') return Errc::usage;
  if (value > most) return Errc::usage;
  return value;
}

Result<Target> parse_target(std::string_view text) {
  const auto mark = text.find('?');
  Target out{text.substr(0, mark), {}};
  if (mark == text.npos) return out;
  for (auto rest = text.substr(mark + 1);;) {
    const auto pair = rest.substr(0, rest.find('&'));
    const auto equals = pair.find('=');
    if (equals == 0 || equals == pair.npos) return Errc::usage;
    if (!out.parameters.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) return Errc::usage;
    if (pair.size() == rest.size()) return out;
    rest.remove_prefix(pair.size() + 1);
  }
}

}  // namespace vault::server
