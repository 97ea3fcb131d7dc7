// SPDX-License-Identifier: Apache-2.0
// An answer as bytes, and the answers that the transport gives by itself.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "http/message.hpp"

namespace vault::server {

enum class Then { keep_alive, close };

// RFC 9110 §8.6: no Content-Length with 204; 304 would state one of a body that we do not have.
inline bool has_length(int status) { return status != 204 && status != 304; }

// The status line and all headers, with the blank line. Requires: the headers can be written as they are.
std::string head_of(const wire::HttpResponse& response, Then then);

// A line of text for a person, with the class of `error` in Vaultd-Error for a program.
wire::HttpResponse refusal(int status, Errc error, std::string_view text);

}  // namespace vault::server
