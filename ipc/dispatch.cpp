// SPDX-License-Identifier: Apache-2.0
#include "ipc/dispatch.hpp"

#include "base/limits.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {
namespace {

using boost::asio::awaitable;

constexpr std::size_t page = 4096;                             // a part below this size gets more text appended
constexpr std::size_t small = 2 * limits::small_answer_bytes;  // leaves room for an id
constexpr std::size_t around_a_result = 64;                    // {"jsonrpc":"2.0","id":,"result":}

json::value answer_of(const json::value& id, Outcome outcome) {
  if (auto* result = std::get_if<json::value>(&outcome)) return result_answer(id, std::move(*result));
  return failure_answer(id, std::get<Failure>(outcome));
}

// Writes an answer in at most `room` bytes, behind `separator`; writes an error if the answer is larger.
Wire rendered(const json::value& answer, std::string_view separator, std::size_t room) {
  Wire out;
  append(out, separator);
  write_json(out, answer);
  if (out.size() <= room) {
    if (out.size() > page) out.shrink_to_fit();
    return out;
  }
  out = Wire{};
  append(out, separator);
  write_json(out, failure_answer(answer.at("id"), failure_of(IpcErrc::answer_too_large)));
  return out;
}

std::size_t bytes_of_id(const Request& request) {
  const auto* text = request.id ? request.id->if_string() : nullptr;
  return text ? footprint::escaped * text->size() : 0;
}

// Runs one message and builds its answer.
class Work {
 public:
  Work(const Registry& registry, Caller& client, Message message, Values::Hold hold)
      : registry_(registry), client_(client), in_(std::move(message)), wanted_(wants_answer(in_)) {
    out_.hold = std::move(hold);
    for (const auto& entry : in_.entries) weigh(entry);
    if (!goes_) out_.hold.drop();
  }

  // Throws if it is cancelled.
  awaitable<void> run();
  // Answers whatever has not ended with E_CANCELLED.
  void cut();
  Answer finished();

 private:
  using Entry = std::variant<Request, Failure>;
  const Footprint& footprint_of(const Request& request) const { return registry_.footprint(request.method); }
  void weigh(const Entry& entry);
  std::size_t most_of(std::size_t entry) const { return refused_ ? std::min(mosts_[entry], small) : mosts_[entry]; }
  std::size_t most_from(std::size_t entry) const;
  awaitable<void> take_room();
  awaitable<void> wait_for_room(std::size_t most);
  void leave_room();
  awaitable<void> run_entry(std::size_t at);
  awaitable<void> run_request(const Request& request);
  void refuse(std::size_t at, Errc why);
  std::string_view separator() const;
  std::size_t room() const { return limits::answer_bytes - std::min(made_, limits::answer_bytes); }
  void add(Wire text);

  const Registry& registry_;
  Caller& client_;
  Message in_;
  Answer out_;
  bool wanted_;
  std::vector<std::size_t> mosts_;  // largest sizes of the entries' answers
  std::size_t at_ = 0;              // index of the current entry
  std::size_t made_ = 0;            // bytes of the answer so far
  bool goes_ = false;               // an entry goes at a lock
  bool has_values_ = false;         // the answer has something that goes at a lock
  bool refused_ = false;            // others wait for room, so no more large results are made
};

void Work::weigh(const Entry& entry) {
  const auto* request = std::get_if<Request>(&entry);
  if (request == nullptr || !request->id) mosts_.push_back(request == nullptr ? limits::small_answer_bytes : 0);
  else mosts_.push_back(footprint_of(*request).most + bytes_of_id(*request) + around_a_result);
  if (request != nullptr && footprint_of(*request).at_lock == AtLock::goes) goes_ = true;
}

// Returns the most bytes the answer can have if the entries from `entry` on are still to be answered.
std::size_t Work::most_from(std::size_t entry) const {
  auto sum = made_;
  for (; entry < mosts_.size(); ++entry) sum += most_of(entry);
  return std::min(sum, limits::client_bytes);
}

awaitable<void> Work::take_room() {
  const auto most = most_from(0);
  if (in_.batch || most > small) co_return co_await wait_for_room(most);
  out_.room = registry_.answers().add(client_.party(), most);
}

awaitable<void> Work::wait_for_room(std::size_t most) {
  do out_.room = co_await registry_.answers().take(client_.party(), most);
  while (!out_.room && !goes_);
  if (out_.room) out_.room->begins([this] { leave_room(); });
}

void Work::leave_room() {
  refused_ = true;
  out_.room->made(made_ + mosts_[at_]);
}

std::string_view Work::separator() const {
  if (!in_.batch) return {};
  return out_.empty() ? "[" : ",";
}

void Work::add(Wire text) {
  made_ += text.size();
  auto& parts = out_.parts;
  if (!parts.empty() && parts.back().size() + text.size() <= page) append(parts.back(), text_of(text));
  else parts.push_back(std::move(text));
}

awaitable<void> Work::run_request(const Request& request) {
  const auto at_lock = footprint_of(request).at_lock;
  Call call{.bulk = registry_.bulk(), .large_request = in_.bytes > limits::bulk_bytes, .peer = in_.peer};
  if (!in_.batch) call.file = std::move(in_.file);
  const bool aside = at_lock == AtLock::itself && out_.hold;
  if (aside) out_.hold.drop();  // a lock must not wait for the results that are sent with it
  auto outcome = co_await registry_.run(request, call);
  const bool good = std::holds_alternative<json::value>(outcome);
  has_values_ = has_values_ || (good && (at_lock == AtLock::goes || at_lock == AtLock::result_goes));
  if (!out_.hold && (aside || has_values_)) out_.hold = registry_.values().take(client_);
  if (!request.id) co_return;
  auto write = [&request, &outcome, before = separator(), most = room()] {
    return rendered(answer_of(*request.id, std::move(outcome)), before, most);
  };
  if (!call.large_result) add(write());
  else add(co_await run_on(call.bulk, write));
}

void Work::refuse(std::size_t at, Errc why) {
  const auto* request = std::get_if<Request>(&in_.entries[at]);
  if (request != nullptr && !request->id) return;
  const auto& failure = request == nullptr ? std::get<Failure>(in_.entries[at]) : failure_of(why);
  add(rendered(failure_answer(request == nullptr ? json::value{} : *request->id, failure), separator(), room()));
}

awaitable<void> Work::run_entry(std::size_t at) {
  const auto* request = std::get_if<Request>(&in_.entries[at]);
  if (request == nullptr) refuse(at, Errc::usage);
  else if (!out_.room) refuse(at, Errc::locked);
  else if (refused_ && mosts_[at] > small) refuse(at, Errc::busy);
  else co_await run_request(*request);
}

void Work::cut() {
  for (; at_ < in_.entries.size(); ++at_) refuse(at_, Errc::cancelled);
}

// Returns the answer. Wipes the request first, so that a lock does not wait for it.
Answer Work::finished() {
  if (wanted_ && client_.is_gone()) out_.parts.clear();
  if (in_.batch && !out_.empty()) {
    Wire end;
    append(end, "]");
    add(std::move(end));
  }
  if (out_.room) out_.room->begins({});
  in_ = Message{};
  if (!has_values_) out_.hold.drop();
  return std::move(out_);
}

awaitable<void> Work::run() {
  co_await take_room();
  for (; at_ < in_.entries.size() && !(wanted_ && client_.is_gone()); ++at_) {
    co_await run_entry(at_);
    if (out_.room) out_.room->made(most_from(at_ + 1));
  }
}

}  // namespace

awaitable<Answer> dispatch(const Registry& registry, Caller& client, Message message, Values::Hold hold) {
  Work work{registry, client, std::move(message), std::move(hold)};
  try {
    co_await work.run();
    co_return work.finished();
  } catch (const boost::system::system_error&) {
  }
  work.cut();
  co_return work.finished();
}

}  // namespace vault::ipc
