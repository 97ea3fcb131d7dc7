// SPDX-License-Identifier: Apache-2.0
// Says which requests the server refuses before a handler sees them, and with what answer.
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>

#include "http/server.hpp"
#include "http/stream.hpp"

namespace vault::server {

// Returns the answer to what Beast would not parse; nullopt if the connection failed.
std::optional<wire::HttpResponse> answer_to(const HttpServerOptions& options, boost::system::error_code error);

// Returns the answer to a head that is well formed and still not accepted. A body has to state its length: two ways to
// say where a request ends are one too many for a server behind proxies.
std::optional<wire::HttpResponse> objection_to(
    const boost::beast::http::header<true, boost::beast::http::fields>& head);

// Returns the answer to a body that is larger than its path takes.
std::optional<wire::HttpResponse> objection_to_body(const HttpServerOptions& options,
                                                    const wire::HttpParser<true>& parser);

}  // namespace vault::server
