// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "ctl/commands.hpp"

namespace vault::ctl {
namespace {

// Lists what each exit code means. Codes are never renumbered, since scripts compare them.
constexpr std::array<std::string_view, 15> meanings{
    "done",
    "another error",
    "the command makes no sense",
    "cancelled",
    "no daemon: vaultd is not running",
    "locked: the password is needed first",
    "the log-in was refused",
    "not found",
    "conflict: somebody else wrote in between",
    "denied",
    "offline: the server cannot be reached",
    "integrity: the server, or somebody on the way, is not to be trusted",
    "busy, or timed out",
    "the local disk or database failed",
    "a limit is exceeded",
};

}  // namespace

std::string exit_codes() {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t code = 0; code < meanings.size(); ++code) {
    std::string kinds;
    for (const auto& row : error_classes())
      if (static_cast<std::size_t>(row.exit_code) == code) kinds += (kinds.empty() ? "" : " ") + std::string{row.kind};
    rows.push_back({(code < 10 ? " " : "") + std::to_string(code), std::string{meanings[code]}, kinds});
  }
  return aligned(rows);
}

}  // namespace vault::ctl
