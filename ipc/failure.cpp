// SPDX-License-Identifier: Apache-2.0
#include "ipc/failure.hpp"

namespace vault::ipc {

Failure failure_of(const boost::system::error_code& error) {
  const auto klass = class_of(error);
  Failure out;
  out.code = klass == Errc::internal ? rpc_code::internal_error : static_cast<int>(klass);
  out.klass = klass;
  out.message = sentence_of(error);
  return out;
}

Failure malformed(int rpc_code, std::string message) {
  Failure out;
  out.code = rpc_code;
  out.klass = Errc::usage;
  out.message = std::move(message);
  return out;
}

json::value error_object(const Failure& failure) {
  json::object data(json_storage());
  data.emplace("kind", error_class(failure.klass).kind);
  for (const auto& [key, value] : failure.details) data.emplace(key, value);
  json::object out(json_storage());
  out.emplace("code", failure.code);
  out.emplace("message", failure.message);
  out.emplace("data", std::move(data));
  return out;
}

Failure read_error_object(const json::value& error) {
  Failure out;
  out.message = "the daemon's answer makes no sense";
  const auto* object = error.if_object();
  if (object == nullptr) return out;
  if (const auto* message = object->if_contains("message"); message && message->is_string())
    out.message.assign(message->get_string().data(), message->get_string().size());
  if (const auto* code = object->if_contains("code"); code && code->is_int64())
    out.code = static_cast<int>(code->get_int64());
  const auto* data = object->if_contains("data");
  if (data == nullptr || !data->is_object()) return out;
  out.details = data->get_object();
  if (const auto* kind = out.details.if_contains("kind"); kind && kind->is_string())
    if (const auto* klass = error_class_named(std::string_view{kind->get_string()})) out.klass = klass->code;
  out.details.erase("kind");
  return out;
}

}  // namespace vault::ipc
