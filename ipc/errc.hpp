// SPDX-License-Identifier: Apache-2.0
// Lists the errors of the local socket and its requests.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class IpcErrc : int {
  frame_too_large = 1,
  too_many_connections,
  too_many_requests,
  runtime_folder_missing,
  runtime_folder_unsafe,
  socket_path_bad,
  socket_path_taken,
  daemon_running,
  peer_foreign,
  answer_too_large,
  fd_unexpected,
};

const boost::system::error_category& ipc_errors() noexcept;

inline boost::system::error_code make_error_code(IpcErrc e) noexcept { return {static_cast<int>(e), ipc_errors()}; }

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::IpcErrc> : std::true_type {};
