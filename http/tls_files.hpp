// SPDX-License-Identifier: Apache-2.0
// The certificate and the key of a server, read and looked at before anybody connects.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>

#include "base/errc.hpp"

namespace vault::server {

// PEM files: the chain begins with the server's own certificate.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// Loads both. Errors: tls_key_encrypted, tls_files for what cannot be read or does not belong together. Nobody is asked
// for a passphrase. Warns in the log of what lets a server start and clients refuse it, or strangers read its key: a
// certificate out of its time or not for servers, a key that others may read.
[[nodiscard]] Result<void> use_files(boost::asio::ssl::context& context, const TlsFiles& files);

}  // namespace vault::server
