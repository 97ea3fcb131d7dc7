// SPDX-License-Identifier: Apache-2.0
#include "ipc/errc.hpp"

#include <array>

#include "base/error_table.hpp"
#include "base/limits.hpp"

namespace vault {
namespace {

constexpr std::array ipc_details{
    ErrorDetail{IpcErrc::frame_too_large,
                Errc::limit,
                "the request is too large: a frame holds up to # bytes",
                {limits::frame_bytes}},
    ErrorDetail{IpcErrc::too_many_connections, Errc::busy, "too many connections: # at a time", {limits::connections}},
    ErrorDetail{
        IpcErrc::too_many_requests, Errc::limit, "too many requests in one batch: # at most", {limits::batch_requests}},
    ErrorDetail{IpcErrc::runtime_folder_missing, Errc::usage,
                "there is no runtime folder: set XDG_RUNTIME_DIR, or give the socket with --socket or VAULTD_SOCKET"},
    ErrorDetail{IpcErrc::runtime_folder_unsafe, Errc::storage,
                "the socket's folder is not a folder of this user, or others can write to it"},
    ErrorDetail{IpcErrc::socket_path_bad, Errc::usage,
                "the path of the socket is empty or too long: 107 bytes at most"},
    ErrorDetail{IpcErrc::socket_path_taken, Errc::storage,
                "the path of the socket holds something that is not a socket of this user"},
    ErrorDetail{IpcErrc::daemon_running, Errc::storage, "another vaultd answers on this socket"},
    ErrorDetail{IpcErrc::peer_foreign, Errc::denied, "the other end of the socket belongs to another user"},
    ErrorDetail{IpcErrc::answer_too_large, Errc::limit, "the answer is too large: ask for less at a time"},
    ErrorDetail{IpcErrc::fd_unexpected, Errc::usage, "an open file came with a request that takes none"},
};

}  // namespace

const boost::system::error_category& ipc_errors() noexcept {
  static const ErrorTable table{"vault.ipc", ipc_details};
  return table;
}

}  // namespace vault
