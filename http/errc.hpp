// SPDX-License-Identifier: Apache-2.0
// Lists the errors of the connection to a server and of its certificates.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class HttpErrc : int {
  server_answer_bad = 1,
  tls_refused,
  tls_files,
  tls_key_encrypted,
  ca_unreadable,
  ca_not_plain,
  ca_bad,
  ca_expired,
  ca_slow,
};

const boost::system::error_category& http_errors() noexcept;

inline boost::system::error_code make_error_code(HttpErrc e) noexcept { return {static_cast<int>(e), http_errors()}; }

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::HttpErrc> : std::true_type {};
