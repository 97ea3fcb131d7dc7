// SPDX-License-Identifier: Apache-2.0
// A failed request as both ends hold it: JSON-RPC's number and sentence, and our class.
//
// Numbers below zero are JSON-RPC's own, about the request's form; ours are positive, the class's number in
// base/errc.hpp. `details` are further members of the error's data, beside its kind.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "base/errc.hpp"
#include "ipc/json.hpp"

namespace vault::ipc {

namespace rpc_code {
inline constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601, invalid_params = -32602,
                     internal_error = -32603;
}

struct Failure {
  int code = 0;
  Errc klass = Errc::internal;  // always a class, never a detail of one
  std::string message;          // for a person
  json::object details = json::object(json_storage());
};

Failure failure_of(const boost::system::error_code& error);  // -32603 for Errc::internal, else ours
Failure malformed(int rpc_code, std::string message);        // of class usage

json::value error_object(const Failure& failure);  // {"code", "message", "data": {"kind", ...}}

// What an answer's "error" says. Anything that is not such an object is a Failure of class internal.
Failure read_error_object(const json::value& error);

}  // namespace vault::ipc
