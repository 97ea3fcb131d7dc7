#include "ipc/dispatch.hpp"

#include "base/limits.hpp"

namespace vault::ipc {
namespace {

using boost::asio::awaitable;

json::value answer_of(const json::value& id, Outcome outcome) {
  if (auto* result = std::get_if<json::value>(&outcome)) return result_answer(id, std::move(*result));
  return failure_answer(id, std::get<Failure>(outcome));
}

awaitable<Outcome> outcome_of(const Registry& registry, const Request& request) {
  Outcome outcome = failure_of(Errc::cancelled);
  Call call;
  try {
    outcome = co_await registry.run(request, call);
  } catch (const boost::system::system_error&) {
    // Cancelled before it began: the outcome says so already.
  }
  co_return outcome;
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
    json::value answer(json_storage());
    if (const auto* failure = std::get_if<Failure>(&entry)) {
      answer = failure_answer(nullptr, *failure);
    } else {
      const auto& request = std::get<Request>(entry);
      auto outcome = co_await outcome_of(registry, request);
      if (!request.id) continue;
      answer = answer_of(*request.id, std::move(outcome));
    }
    if (message.batch) append(out, out.empty() ? "[" : ",");
    write_answer(out, answer);
  }
  if (message.batch && !out.empty()) append(out, "]");
  co_return out;
}

}  // namespace vault::ipc
