#include "ipc/dispatch.hpp"

#include "base/limits.hpp"

namespace vault::ipc {
namespace {

using boost::asio::awaitable;

json::value answer_of(const json::value& id, Outcome outcome) {
  if (auto* result = std::get_if<json::value>(&outcome)) return result_answer(id, std::move(*result));
  return failure_answer(id, std::get<Failure>(outcome));
}

// Appends the answer to a request that has an id.
awaitable<void> answer_request(const Registry& registry, const Request& request, Message& in, Wire& out) {
  Outcome outcome = failure_of(Errc::cancelled);
  Call call{.bulk = registry.bulk(), .large_request = in.bytes > limits::bulk_bytes, .peer = in.peer};
  if (!in.batch) call.file = std::move(in.file);
  try {
    outcome = co_await registry.run(request, call);
  } catch (const boost::system::system_error&) {
    // Cancelled before it began: the outcome says so already.
  }
  if (!request.id) co_return;
  auto write = [&request, &outcome, &out] { write_answer(out, answer_of(*request.id, std::move(outcome))); };
  if (call.large_result) co_await run_on(call.bulk, write);
  else write();
}

}  // namespace

void write_answer(Wire& out, const json::value& answer) {
  const auto before = out.size();
  write_json(out, answer);
  if (out.size() <= limits::answer_bytes) return;
  out.resize(before);
  write_json(out, failure_answer(answer.at("id"), failure_of(Errc::answer_too_large)));
}

awaitable<Wire> dispatch(const Registry& registry, Message message) {
  Wire out;
  for (const auto& entry : message.entries) {
    const auto* request = std::get_if<Request>(&entry);
    if (request != nullptr && !request->id) {
      co_await answer_request(registry, *request, message, out);
      continue;
    }
    if (message.batch) append(out, out.empty() ? "[" : ",");
    if (request != nullptr) co_await answer_request(registry, *request, message, out);
    else write_answer(out, failure_answer(nullptr, std::get<Failure>(entry)));
  }
  if (message.batch && !out.empty()) append(out, "]");
  co_return out;
}

}  // namespace vault::ipc
