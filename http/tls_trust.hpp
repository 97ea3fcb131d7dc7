// SPDX-License-Identifier: Apache-2.0
// Whom a server has to be, so that TLS lets it in: its certificate leads to one of the file that --ca named, or of the
// system's, and names the host among its alternative names. OpenSSL does the verifying, by settings of ours alone:
// neither a configuration of OpenSSL nor SSL_CERT_FILE and SSL_CERT_DIR have a say.
//
// The file is read for every connection: it may be missing when vaultd starts, and be another one tomorrow. A thread of
// its own reads it, and whoever waits leaves after a while, since a mount may hang for ever. So that a stop need not
// wait either, that thread is nobody's, and what it has found is handed over under a mutex.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/errc.hpp"

namespace vault::daemon {

class TlsTrust {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;
  using Clock = std::chrono::steady_clock;

  // Trusts the system's certificates where `ca_file` is empty. `host` is a name or an address.
  TlsTrust(boost::asio::any_io_executor executor, std::string host, std::filesystem::path ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  // Returns what the next handshake shall use. Requires: this outlives the coroutine. Errors: ca_unreadable,
  // ca_not_plain, ca_bad, ca_expired; ca_slow when the file has not come by `end`, or within limits::ca_file_patience:
  // it is still being read then, and who asks next may find it read.
  boost::asio::awaitable<Result<Context>> context(Clock::time_point end);

 private:
  struct Reading;
  void begin();

  boost::asio::any_io_executor executor_;
  std::string host_;
  std::filesystem::path ca_file_;
  std::shared_ptr<Reading> reading_;  // under way: one at a time, however many wait
  Context system_;                    // made once
};

// Whether the file that --ca named is what an error is about.
bool is_about_ca_file(const boost::system::error_code& error);

}  // namespace vault::daemon
