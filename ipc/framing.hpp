// SPDX-License-Identifier: Apache-2.0
// Finds where one JSON text ends and the next begins.
//
// There are two styles. The first byte of a client tells which, and it is answered in the same one. Lines: every text
// ends with a newline and has none inside. Headers, as language servers of editors use them: "Content-Length:
// N\r\n\r\n" and N bytes. A FrameReader takes bytes as they come and never holds more than one frame above its limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "ipc/json.hpp"

namespace vault::ipc {

enum class FrameStyle { lines, headers };

class FrameReader {
 public:
  explicit FrameReader(std::size_t most) : most_(most) {}  // most bytes in a frame

  void append(std::string_view bytes);

  // Returns the next frame, or nullopt until more bytes come. The view lives until the next call of either function,
  // which wipes it. Errors: frame_too_large, or usage for headers that make no sense. Both are final: no frames follow.
  Result<std::optional<std::string_view>> next();

  // Return positions in the stream of bytes: after all that was appended, and after the last frame that was given out.
  std::uint64_t received() const { return received_; }
  std::uint64_t given() const { return received_ - rest().size(); }

  FrameStyle style() const { return style_.value_or(FrameStyle::lines); }
  // True if a part of a frame is here. Valid after next() returned nullopt.
  bool begun() const { return first_ < buffer_.size(); }

 private:
  Result<std::optional<std::string_view>> next_line();
  Result<std::optional<std::string_view>> next_with_headers();
  Result<std::optional<std::string_view>> take(std::size_t head, std::size_t size, std::size_t tail);
  std::string_view rest() const { return text_of(buffer_).substr(first_); }
  void wipe_given();
  void forget_frame();

  std::size_t most_;
  Wire buffer_;
  std::uint64_t received_ = 0;
  std::size_t first_ = 0;     // index of the first byte that was not given out
  std::size_t wiped_ = 0;     // bytes before first_ that are wiped
  std::size_t searched_ = 0;  // bytes from first_ on that were searched for the end of a line
  std::optional<FrameStyle> style_;
};

// Appends a JSON text as one frame. Such a text has no newline outside strings, and strings escape theirs.
void write_frame(Wire& out, FrameStyle style, std::string_view text);

// Holds what a frame has before and after a text of `bytes` bytes.
struct FrameEnds {
  std::string before;
  std::string_view after;
};
FrameEnds frame_ends(FrameStyle style, std::size_t bytes);

}  // namespace vault::ipc
