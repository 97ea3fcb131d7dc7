// SPDX-License-Identifier: Apache-2.0
#include "ipc/jsonrpc.hpp"

#include "base/limits.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {
namespace {

Failure invalid(std::string why) { return malformed(rpc_code::invalid_request, "invalid request: " + why); }

// A number that comes back otherwise than it was sent is of no use to a client: no double is one that is sure to.
bool is_id(const json::value& value) {
  return value.is_string() || value.is_int64() || value.is_uint64() || value.is_null();
}

std::variant<Request, Failure> read_request(json::value& value) {
  auto* object = value.if_object();
  if (object == nullptr) return invalid("it is not an object");
  const auto* version = object->if_contains("jsonrpc");
  if (version == nullptr || *version != "2.0") return invalid("its jsonrpc is not \"2.0\"");
  const auto* method = object->if_contains("method");
  if (method == nullptr || !method->is_string()) return invalid("its method is not a string");

  Request request;
  request.method.assign(method->get_string().data(), method->get_string().size());
  if (auto* id = object->if_contains("id")) {
    if (!is_id(*id)) return invalid("its id is not a string, null, or a whole number that 64 bits hold");
    request.id = std::move(*id);
  }
  if (auto* params = object->if_contains("params")) {
    if (!params->is_structured()) return invalid("its params are not an object or an array");
    request.params = std::move(*params);
  }
  return request;
}

Message only(Failure failure) {
  Message out;
  out.entries.emplace_back(std::move(failure));
  return out;
}

Failure unparsable(boost::system::error_code error) {
  if (error != Errc::limit)
    return malformed(rpc_code::parse_error, "parse error: this is not strict JSON (RFC 8259, UTF-8, no key twice)");
  auto failure = failure_of(error);
  failure.message = "nested too deeply: " + std::to_string(limits::json_depth) + " levels at most";
  return failure;
}

json::object about(const json::value& id) {
  json::object out(json_storage());
  out.emplace("jsonrpc", "2.0");
  out.emplace("id", id);
  return out;
}

}  // namespace

Message read_message(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return only(unparsable(value.error()));
  Message out{.bytes = text.size()};
  auto* batch = value->if_array();
  if (batch == nullptr) {
    out.entries.push_back(read_request(*value));
    return out;
  }
  if (batch->empty()) return only(invalid("the batch is empty"));
  if (batch->size() > limits::batch_requests) return only(failure_of(IpcErrc::too_many_requests));
  out.batch = true;
  for (auto& entry : *batch) out.entries.push_back(read_request(entry));
  return out;
}

json::value result_answer(const json::value& id, json::value result) {
  auto out = about(id);
  out.emplace("result", std::move(result));
  return out;
}

json::value failure_answer(const json::value& id, const Failure& failure) {
  auto out = about(id);
  out.emplace("error", error_object(failure));
  return out;
}

Wire request_text(std::int64_t id, std::string_view method, json::value params) {
  auto request = about(id);
  request.emplace("method", method);
  request.emplace("params", std::move(params));
  Wire out;
  write_json(out, request);
  return out;
}

std::optional<Outcome> read_answer(std::string_view text, std::int64_t id) {
  auto answer = parse_json(text);
  auto* object = answer ? answer->if_object() : nullptr;
  if (object == nullptr) return read_error_object(nullptr);
  auto* to = object->if_contains("id");
  auto* error = object->if_contains("error");
  if (to == nullptr || !(*to == id || (to->is_null() && error != nullptr))) return std::nullopt;
  if (error != nullptr) return read_error_object(*error);
  if (auto* result = object->if_contains("result")) return std::move(*result);
  return read_error_object(nullptr);
}

bool wants_answer(const Message& message) {
  return std::ranges::any_of(message.entries, [](const auto& entry) {
    const auto* request = std::get_if<Request>(&entry);
    return request == nullptr || request->id;
  });
}

}  // namespace vault::ipc
