// SPDX-License-Identifier: Apache-2.0
// A device of a household, unlocked and able to write, on an event loop of its own.
#pragma once

#include <boost/asio/io_context.hpp>

#include "daemon/items/items.hpp"
#include "tests/daemon/household.hpp"

namespace vault::tests {

namespace asio = boost::asio;

class OpenVault {
 public:
  using Written = Result<std::vector<crypto::VersionId>>;

  // Makes the database with the first commit in it if the folder is new; else verifies and indexes what is there.
  OpenVault(const Household& home, const TempFolder& folder, std::uint64_t map_bytes = std::uint64_t{1} << 30,
            std::size_t device = 0);

  // Each in a task of its own, all started before any is done. In the order given.
  std::vector<Written> write_at_once(std::vector<daemon::ItemWrite> writes);
  Written write(daemon::ItemWrite one);

  void run();  // until nothing is under way

  std::string value_of(const std::string& name);  // of the winner

  daemon::Threads threads;
  asio::io_context io{1};
  std::shared_ptr<store::Store> store;
  std::shared_ptr<daemon::Unlocked> vault;
  std::size_t failures = 0;  // how often plans were given up
  std::unique_ptr<daemon::Writer> writer;
  std::optional<daemon::Refusal> refusal;  // of the last write that clashed
};

daemon::ItemWrite put_of(std::string name, std::string_view value);

}  // namespace vault::tests
