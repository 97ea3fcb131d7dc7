// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iterator>

#include "base/errc.hpp"

namespace vault::log {
namespace {

std::atomic<Level> most{Level::info};

const char* word(Level level) {
  switch (level) {
    case Level::error:
      return "error: ";
    case Level::warning:
      return "warning: ";
    case Level::info:
      return "";
    case Level::debug:
      return "debug: ";
  }
  return "";
}

// True if stderr is the stream that $JOURNAL_STREAM names as DEVICE:INODE. The name alone proves nothing: a process
// whose stderr was redirected inherits it too.
bool stderr_is_the_journal() {
  const char* journal = std::getenv("JOURNAL_STREAM");
  struct stat is {};
  if (journal == nullptr || fstat(STDERR_FILENO, &is) != 0) return false;
  return fmt::format("{}:{}", is.st_dev, is.st_ino) == journal;
}

}  // namespace

void set_level(Level level) { most = level; }

void line(Level level, Literal event, std::initializer_list<Field> fields) {
  if (level > most) return;
  static const bool journal = stderr_is_the_journal();
  fmt::memory_buffer out;
  auto to = std::back_inserter(out);
  if (journal) fmt::format_to(to, "<{}>{}", static_cast<int>(level), event.text());
  else fmt::format_to(to, "{}{}", word(level), event.text());
  for (const auto& field : fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      fmt::format_to(to, " {}={}", field.key.text(), *number);
    } else {
      const auto& error = std::get<boost::system::error_code>(field.value);
      fmt::format_to(to, " {}={} ({})", field.key.text(), error_class(error).kind, error.message());
    }
  }
  fmt::format_to(to, "\n");
  [[maybe_unused]] auto written = write(STDERR_FILENO, out.data(), out.size());  // one call, so lines never mix
}

}  // namespace vault::log
