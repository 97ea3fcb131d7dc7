// SPDX-License-Identifier: Apache-2.0
// Writes an answer as bytes, and makes the answers that the transport gives by itself.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "http/message.hpp"

namespace vault::server {

enum class Then { keep_alive, close };

// True if an answer with this status states a Content-Length. RFC 9110 §8.6 forbids it for 204; with 304 it would be
// the length of a body that we do not have.
inline bool has_length(int status) { return status != 204 && status != 304; }

// Returns the status line and all headers, with the blank line. Requires: are_writable(response.headers).
std::string head_of(const wire::HttpResponse& response, Then then);

// Returns an answer with one line of text for a person, and the class of `error` in Vaultd-Error for a program.
wire::HttpResponse refusal(int status, Errc error, std::string_view text);

}  // namespace vault::server
