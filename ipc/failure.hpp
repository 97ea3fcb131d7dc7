// SPDX-License-Identifier: Apache-2.0
// Failure describes a failed request at both ends: the number and sentence of JSON-RPC, and our class.
//
// Numbers below zero are JSON-RPC's own, about the form of the request. Ours are positive: the number of the class in
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
  Errc klass = Errc::internal;  // a class, never a detail
  std::string message;          // for a person
  json::object details = json::object(json_storage());
};

// Returns number -32603 for Errc::internal, else the class's number.
Failure failure_of(const boost::system::error_code& error);
// Returns a failure of class usage.
Failure malformed(int rpc_code, std::string message);

// Returns {"code", "message", "data": {"kind", ...}}.
json::value error_object(const Failure& failure);

// Reads the "error" of an answer. Returns a Failure of class internal if it is not such an object.
Failure read_error_object(const json::value& error);

}  // namespace vault::ipc
