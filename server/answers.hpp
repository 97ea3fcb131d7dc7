// SPDX-License-Identifier: Apache-2.0
// Makes the two forms of an answer: wire/PROTOCOL.md §1.
#pragma once

#include "base/errc.hpp"
#include "http/message.hpp"

namespace vault::server {

inline wire::HttpResponse answer(Bytes body = {}) {
  return {200, {{"Content-Type", "application/octet-stream"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

inline wire::HttpResponse refusal(const boost::system::error_code& error, Bytes body = {}) {
  const auto& klass = error_class(error);
  return {klass.http_status,
          {{"Vaultd-Error", std::string{klass.kind}},
           {"Content-Type", "application/octet-stream"},
           {"Cache-Control", "no-store"}},
          std::move(body)};
}

// Returns the answer, or the refusal for the error.
inline wire::HttpResponse told(Result<wire::HttpResponse> result) {
  return result ? std::move(*result) : refusal(result.error());
}

}  // namespace vault::server
