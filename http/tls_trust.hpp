// SPDX-License-Identifier: Apache-2.0
// Decides which server TLS lets in. Its certificate must lead to one of the file that --ca named, or of the system's,
// and must have the host among its alternative names. OpenSSL verifies this by our settings alone: its configuration,
// SSL_CERT_FILE and SSL_CERT_DIR have no effect.
//
// The file is read again for every connection, since it may be missing when vaultd starts and may change later. A
// thread reads it, because a mount can hang for ever, and nobody waits for it beyond a limit. The thread is detached,
// so that a stop need not wait either, and hands over its result under a mutex.
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

  // Trusts the system's certificates if `ca_file` is empty. `host` is a name or an address.
  TlsTrust(boost::asio::any_io_executor executor, std::string host, std::filesystem::path ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  // Returns the context for the next handshake. Requires: this object outlives the coroutine. Errors: ca_unreadable,
  // ca_not_plain, ca_bad, ca_expired; ca_slow if the file was not read by `end` or within limits::ca_file_patience.
  // Reading then goes on, and a later call may find it done.
  boost::asio::awaitable<Result<Context>> context(Clock::time_point end);

 private:
  struct Reading;
  void begin();

  boost::asio::any_io_executor executor_;
  std::string host_;
  std::filesystem::path ca_file_;
  std::shared_ptr<Reading> reading_;  // the reading under way, one at a time however many callers wait
  Context system_;                    // made once, if `ca_file` is empty
};

// True if `error` is about the file that --ca named.
bool is_about_ca_file(const boost::system::error_code& error);

}  // namespace vault::daemon
