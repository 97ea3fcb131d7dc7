// JSON-RPC 2.0: what one frame asks for, and the texts of answers.
//
// A frame holds one request or a batch. Whatever in it is no valid request becomes a Failure at its place, so
// that the rest is still answered. A request without an id is a notification and gets no answer, not even an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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
  std::vector<std::variant<Request, Failure>> entries;  // a Failure is answered with id null
};

Message read_message(std::string_view text);

json::value result_answer(const json::value& id, json::value result);
json::value failure_answer(const json::value& id, const Failure& failure);

}  // namespace vault::ipc
