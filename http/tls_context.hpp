// SPDX-License-Identifier: Apache-2.0
// Makes OpenSSL's context for http/tls_trust.hpp. May wait for a disk.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/errc.hpp"

namespace vault::daemon {

// Returns the context for handshakes with `host`. Errors: ca_unreadable, ca_not_plain, ca_bad, ca_expired.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& host,
                                                                    const std::filesystem::path& ca_file);

}  // namespace vault::daemon
