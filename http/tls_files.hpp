// SPDX-License-Identifier: Apache-2.0
// Reads a server's certificate and key, and checks them before anybody connects.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>

#include "base/errc.hpp"

namespace vault::server {

// Names two PEM files. The certificate file begins with the server's own certificate and continues with its chain.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// Loads both files. Never asks for a passphrase. Logs a warning for what lets a server start but makes clients refuse
// it or lets strangers read its key: a certificate that is out of date or not for servers, a key file that others may
// read. Errors: tls_key_encrypted; tls_files if a file cannot be read or the two do not belong together.
[[nodiscard]] Result<void> use_files(boost::asio::ssl::context& context, const TlsFiles& files);

}  // namespace vault::server
