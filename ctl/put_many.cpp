// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl put-many: reads lines of item.put's params from stdin, and writes them in as few commits as they
// fit.
#include <unistd.h>

#include <cerrno>

#include "base/limits.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {
namespace {

namespace json = ipc::json;

// Bounds the JSON text of one call. The frame has an envelope too, and a commit a little more per record than its text.
constexpr std::size_t batch_bytes = limits::frame_bytes * 3 / 4;

class BatchWriter {
 public:
  explicit BatchWriter(Session& session) : session_(session) {}

  // Adds a line. Returns the exit code, 0 to go on. `number` names the item to a person, who counts from 1.
  int take(std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return 0;
    ipc::PutParams item;
    ipc::Reading reading{"item " + std::to_string(number)};
    auto value = ipc::parse_json(line);
    if (!value) reading.fail("is not strict JSON");
    else ipc::Codec<ipc::PutParams>::decode(*value, item, reading);
    if (!reading.why().empty()) return stop(ipc::malformed(ipc::rpc_code::invalid_params, reading.why()));
    if (!batch_.items.empty() && (bytes_ + line.size() > batch_bytes || batch_.items.size() == limits::commit_records))
      if (const int code = flush(); code != 0) return code;
    bytes_ += line.size();
    batch_.items.push_back(std::move(item));
    return 0;
  }

  int flush() {
    if (batch_.items.empty()) return 0;
    auto reply = session_.call(ipc::methods::item_put_many, batch_, "writing");
    if (!reply.result) return stop(std::move(reply.failure));
    ++commits_;
    std::move(reply.result->versions.begin(), reply.result->versions.end(), std::back_inserter(written_.versions));
    batch_.items.clear();
    bytes_ = 0;
    return 0;
  }

  int finish() const {
    if (session_.json()) return session_.say_json(written_);
    return session_.say(std::to_string(written_.versions.size()) + " items in " + std::to_string(commits_) +
                        " commits\n");
  }

  int stop(ipc::Failure failure) const {
    failure.message += " (" + std::to_string(written_.versions.size()) + " items were written before)";
    return session_.fail(failure);
  }

 private:
  Session& session_;
  ipc::PutManyParams batch_;
  ipc::PutManyResult written_;
  std::size_t bytes_ = 0, commits_ = 0;
};

}  // namespace

int put_many(Session& session) {
  BatchWriter writer{session};
  ipc::FrameReader lines{limits::frame_bytes};
  ipc::Wire chunk(64 * 1024);
  std::size_t number = 0;
  for (bool more = true; more;) {
    const auto size = read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return writer.stop(file_failure("read", "standard input", last_error()));
    more = size > 0;
    lines.append(more ? std::string_view{chunk.data(), static_cast<std::size_t>(size)} : "\n");
    for (;;) {
      const auto line = lines.next();
      if (!line) return writer.stop(ipc::failure_of(line.error()));
      if (!*line) break;
      if (const int code = writer.take(**line, ++number); code != 0) return code;
    }
  }
  if (const int code = writer.flush(); code != 0) return code;
  return writer.finish();
}

}  // namespace vault::ctl
