// SPDX-License-Identifier: Apache-2.0
// Decides what becomes of a name that comes twice in one input, as the person said.
#pragma once

#include <map>
#include <string>

#include "ctl/commands.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {

struct Renamed {
  std::uint64_t line = 0;
  std::string name, written_as;
};
BOOST_DESCRIBE_STRUCT(Renamed, (), (line, name, written_as))

class Duplicates {
 public:
  Duplicates(Session& session, OnDuplicate how) : session_(session), how_(how) {}

  // Takes the item of a line. Gives it a name that is free, if its own came before and that is what to do. Errors:
  // usage if duplicates are refused; those of item.list.
  std::optional<ipc::Failure> take(ipc::PutParams& item, std::size_t line);
  const std::vector<Renamed>& renamed() const { return renamed_; }

 private:
  // Returns "name (2)", or the next number that neither the input nor the vault has.
  ipc::Reply<std::string> free_name(const std::string& name);

  Session& session_;
  OnDuplicate how_;
  std::map<std::string, std::size_t> lines_;    // where each name came first
  std::map<std::string, std::size_t> numbers_;  // the last that was given to a name
  std::vector<Renamed> renamed_;
};

}  // namespace vault::ctl
