// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl put-many: reads lines of items from stdin, and writes them in as few commits as they fit.
#include <unistd.h>

#include <algorithm>

#include "base/limits.hpp"
#include "ctl/commands.hpp"
#include "ctl/duplicates.hpp"
#include "ctl/files.hpp"
#include "ctl/item_lines.hpp"

namespace vault::ctl {
namespace {

// Bounds the JSON text of one call. The frame has an envelope too, and a commit a little more per record than its text.
constexpr std::size_t batch_bytes = limits::frame_bytes * 3 / 4;

// What was done, for a program.
struct Done {
  std::vector<std::string> versions;
  std::optional<std::uint64_t> checked;  // items that --check found good
  std::optional<std::vector<Renamed>> renamed;
};
BOOST_DESCRIBE_STRUCT(Done, (), (versions, checked, renamed))

// What a line says of an item, for a failure.
struct Place {
  std::size_t line = 0;
  std::string name;
};

class BatchWriter {
 public:
  BatchWriter(Session& session, const PutManyOptions& options)
      : session_(session), check_(options.check), duplicates_(session, options.on_duplicate) {
    if (check_) batch_.dry_run = true;
  }

  // Asks whether items can be written at all. These functions return the exit code, 0 to go on.
  int begin() {
    const auto reply = session_.call(ipc::methods::item_put_many, {.items = {}, .dry_run = true}, "asking");
    return reply.result ? 0 : session_.fail(reply.failure);
  }

  int take(std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return 0;
    Place at{number, {}};
    auto item = item_of(line, at.name);
    if (!item.result) return stop(std::move(item.failure), at);
    if (auto failure = duplicates_.take(*item.result, number)) return stop(std::move(*failure), at);
    if (!fits(item.result->name, line.size()))
      if (const int code = flush(); code != 0) return code;
    bytes_ += line.size();
    at.name = item.result->name;
    places_.push_back(std::move(at));
    batch_.items.push_back(std::move(*item.result));
    return 0;
  }

  int flush() {
    if (batch_.items.empty()) return 0;
    auto reply = session_.call(ipc::methods::item_put_many, batch_, "writing");
    if (!reply.result) return stop_batch(std::move(reply.failure));
    ++commits_;
    count_ += batch_.items.size();
    last_line_ = places_.back().line;
    std::move(reply.result->versions.begin(), reply.result->versions.end(), std::back_inserter(done_.versions));
    batch_.items.clear();
    places_.clear();
    bytes_ = 0;
    return 0;
  }

  int finish() {
    if (const int code = flush(); code != 0) return code;
    if (!session_.json()) return session_.say(told());
    if (check_) done_.checked = count_;
    if (!duplicates_.renamed().empty()) done_.renamed = duplicates_.renamed();
    return session_.say_json(done_);
  }

  // Says what is wrong, with which line, and what was written before it.
  int stop(ipc::Failure failure, const Place& at) const {
    const auto name = at.name.empty() ? "" : ", " + at.name;
    failure.message = "line " + std::to_string(at.line) + name + ": " + failure.message + before();
    failure.details["line"] = at.line;
    if (!at.name.empty()) failure.details["name"] = at.name;
    failure.details["written"] = check_ ? 0 : count_;
    return session_.fail(failure);
  }

 private:
  // True if another item may come into the batch: a commit holds one write of an item.
  bool fits(const std::string& name, std::size_t bytes) const {
    if (batch_.items.empty()) return true;
    return bytes_ + bytes <= batch_bytes && batch_.items.size() < limits::commit_records &&
           std::ranges::none_of(batch_.items, [&name](const auto& item) { return item.name == name; });
  }

  int stop_batch(ipc::Failure failure) const {
    const auto* index = failure.details.if_contains("item");
    const auto at = index != nullptr && index->is_int64() ? static_cast<std::size_t>(index->get_int64()) : 0;
    const bool named = index != nullptr && at < places_.size();
    failure.details.erase("item");
    return stop(std::move(failure), named ? places_[at] : Place{places_.front().line, {}});
  }

  std::string before() const {
    if (check_) return " (nothing is written by a check)";
    if (count_ == 0) return " (nothing was written)";
    return " (" + std::to_string(count_) + " items were written, those up to line " + std::to_string(last_line_) + ")";
  }

  std::string told() const {
    std::string out;
    for (const auto& each : duplicates_.renamed())
      out += "line " + std::to_string(each.line) + ", " + shown(each.name) +
             (check_ ? ": would be " : ": written as ") + shown(each.written_as) + "\n";
    const auto items = std::to_string(count_) + " items ";
    return out + (check_ ? items + "would be written\n" : items + "in " + std::to_string(commits_) + " commits\n");
  }

  Session& session_;
  bool check_;
  Duplicates duplicates_;
  ipc::PutManyParams batch_;
  std::vector<Place> places_;  // of the items of the batch
  Done done_;
  std::size_t bytes_ = 0, commits_ = 0, count_ = 0, last_line_ = 0;
};

}  // namespace

int put_many(Session& session, const PutManyOptions& options) {
  BatchWriter writer{session, options};
  if (const int code = writer.begin(); code != 0) return code;
  LineReader lines{STDIN_FILENO};
  for (;;) {
    const auto line = lines.next();
    if (!line) return writer.stop(file_failure("read", "standard input", line.error()), {lines.number(), {}});
    if (!*line) return writer.finish();
    if (const int code = writer.take(**line, lines.number()); code != 0) return code;
  }
}

}  // namespace vault::ctl
