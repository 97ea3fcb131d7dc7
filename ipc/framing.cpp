// SPDX-License-Identifier: Apache-2.0
#include "ipc/framing.hpp"

#include "ipc/errc.hpp"

#include <charconv>

namespace vault::ipc {
namespace {

constexpr std::size_t header_bytes = 1024;  // two short headers are usual; 1 KiB leaves room for a Content-Type
constexpr std::size_t keep_bytes = 64 * 1024;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [lower](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::size_t> decimal(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Returns the one Content-Length in a block of "Name: value\r\n" lines; nullopt unless all of it is well formed.
std::optional<std::size_t> content_length(std::string_view block) {
  std::optional<std::size_t> length;
  while (!block.empty()) {
    const auto line = block.substr(0, block.find("\r\n"));
    block.remove_prefix(line.size() + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    if (!equal_ignoring_case(line.substr(0, colon), "Content-Length")) continue;
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (length || !(length = decimal(value))) return std::nullopt;
  }
  return length;
}

}  // namespace

void FrameReader::append(std::string_view bytes) {
  wipe_given();
  forget_frame();
  ipc::append(buffer_, bytes);
  received_ += bytes.size();
}

// Wipes the last frame at once, since a connection may stay open for days after its last request.
void FrameReader::wipe_given() {
  wipe({reinterpret_cast<std::uint8_t*>(buffer_.data()) + wiped_, first_ - wiped_});
  wiped_ = first_;
}

// Drops the bytes that were given out, once they are worth moving the rest.
void FrameReader::forget_frame() {
  if (first_ == buffer_.size() && buffer_.capacity() > keep_bytes) {
    buffer_ = Wire{};  // an idle connection keeps no large buffer
    first_ = wiped_ = 0;
    return;
  }
  if (first_ < buffer_.size() / 2 || first_ == 0) return;
  const auto left = buffer_.size() - first_;
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(first_), buffer_.end(), buffer_.begin());
  wipe({reinterpret_cast<std::uint8_t*>(buffer_.data()) + left, first_});
  buffer_.resize(left);
  first_ = wiped_ = 0;
}

Result<std::optional<std::string_view>> FrameReader::next() {
  wipe_given();
  if (!style_) {
    if (rest().empty()) return std::optional<std::string_view>{};
    style_ = rest()[0] == 'C' || rest()[0] == 'c' ? FrameStyle::headers : FrameStyle::lines;
  }
  return *style_ == FrameStyle::lines ? next_line() : next_with_headers();
}

Result<std::optional<std::string_view>> FrameReader::take(std::size_t head, std::size_t size, std::size_t tail) {
  const auto frame = rest().substr(head, size);
  first_ += head + size + tail;
  searched_ = 0;
  return std::optional{frame};
}

Result<std::optional<std::string_view>> FrameReader::next_line() {
  for (;;) {
    const auto end = rest().find('\n', searched_);
    if (std::min(end, rest().size()) > most_) return IpcErrc::frame_too_large;
    if (end == std::string_view::npos) {
      searched_ = rest().size();
      return std::optional<std::string_view>{};
    }
    const auto carriage_return = end > 0 && rest()[end - 1] == '\r' ? 1u : 0u;
    if (end > carriage_return) return take(0, end - carriage_return, carriage_return + 1);
    first_ += end + 1;  // an empty line is ignored
    searched_ = 0;
  }
}

Result<std::optional<std::string_view>> FrameReader::next_with_headers() {
  const auto end = rest().substr(0, header_bytes).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (rest().size() >= header_bytes) return Errc::usage;
    return std::optional<std::string_view>{};
  }
  const auto length = content_length(rest().substr(0, end + 2));
  if (!length) return Errc::usage;
  if (*length > most_) return IpcErrc::frame_too_large;
  if (rest().size() - end - 4 < *length) return std::optional<std::string_view>{};
  return take(end + 4, *length, 0);
}

FrameEnds frame_ends(FrameStyle style, std::size_t bytes) {
  if (style == FrameStyle::lines) return {"", "\n"};
  return {"Content-Length: " + std::to_string(bytes) + "\r\n\r\n", ""};
}

void write_frame(Wire& out, FrameStyle style, std::string_view text) {
  const auto ends = frame_ends(style, text.size());
  ipc::append(out, ends.before);
  ipc::append(out, text);
  ipc::append(out, ends.after);
}

}  // namespace vault::ipc
