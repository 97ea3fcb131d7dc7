// SPDX-License-Identifier: Apache-2.0
// Reads bytes from files and descriptors that a person named, and says what to tell them if that fails.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "base/secret.hpp"
#include "ipc/client.hpp"

namespace vault::ctl {

// Returns "cannot read notes.txt: No such file or directory". Its class is usage if the name is at fault, else the
// error's.
ipc::Failure file_failure(std::string_view verb, const std::string& what, const boost::system::error_code& error);

// Reads up to `most` bytes to the end of the input; fails with `too_long` if there are more. A failure names `what`.
ipc::Reply<Secret> read_all(int descriptor, const std::string& what, std::size_t most,
                            boost::system::error_code too_long);
// Holds what input began with; `whole` if it has ended.
struct Beginning {
  Secret bytes;
  bool whole = false;
};
inline constexpr int for_ever = -1;
// Reads up to `most` bytes, and less if the input pauses for `patience` ms after its first byte.
ipc::Reply<Beginning> read_beginning(int descriptor, const std::string& what, std::size_t most, int patience);
// Reads the first `most` bytes, or all if there are fewer.
ipc::Reply<Secret> read_first(int descriptor, const std::string& what, std::size_t most);
ipc::Reply<Secret> read_file(const std::string& path, std::size_t most, boost::system::error_code too_long);

inline boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

template <class T>
ipc::Reply<T> refused(ipc::Failure failure) {
  ipc::Reply<T> out;
  out.failure = std::move(failure);
  return out;
}

}  // namespace vault::ctl
