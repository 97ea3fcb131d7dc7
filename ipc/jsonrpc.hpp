// SPDX-License-Identifier: Apache-2.0
// Reads what one frame of JSON-RPC 2.0 asks for, and writes the texts of answers.
//
// A frame holds one request or a batch. An invalid request in it becomes a Failure at its place, so that the rest is
// still answered. A request without an id is a notification and gets no answer, not even an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/file.hpp"
#include "ipc/failure.hpp"
#include "ipc/json.hpp"

namespace vault::ipc {

struct Request {
  std::optional<json::value> id;  // a string, a number or null; absent in a notification
  std::string method;
  json::value params = json::value(json_storage());  // an object, an array, or null if there were none
};

struct Message {
  bool batch = false;
  std::size_t bytes = 0;                                // size of its text
  File file;                                            // came with the message, if any
  pid_t peer = 0;                                       // the process that sent it; 0 if unknown
  std::vector<std::variant<Request, Failure>> entries;  // a Failure is answered with id null
};

Message read_message(std::string_view text);

// True unless the message has only notifications.
bool wants_answer(const Message& message);

using Outcome = std::variant<json::value, Failure>;  // the result of a call, or why there is none

json::value result_answer(const json::value& id, json::value result);
json::value failure_answer(const json::value& id, const Failure& failure);

Wire request_text(std::int64_t id, std::string_view method, json::value params);

// Returns what a frame from the daemon says about request `id`; nullopt if it is about something else. An answer with
// id null is about this request: the daemon could not read it.
std::optional<Outcome> read_answer(std::string_view text, std::int64_t id);

}  // namespace vault::ipc
