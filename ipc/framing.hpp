// SPDX-License-Identifier: Apache-2.0
// Frames: where one JSON text ends and the next begins.
//
// Two styles, told apart by the first byte a client sends, and answered in kind. Lines: every text ends with a
// newline and has none inside. Headers, as editors' language servers speak: "Content-Length: N\r\n\r\n" and N
// bytes. A FrameReader takes bytes as they come; it never holds more than one frame over its limit.
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
  explicit FrameReader(std::size_t most) : most_(most) {}  // bytes a frame may have

  void append(std::string_view bytes);

  // The next frame, or nothing until more bytes come. The view lives until the next call of either function, which
  // wipes what it shows.
  // Errc::frame_too_large and Errc::usage (headers that make no sense) are final: the stream has no further frames.
  Result<std::optional<std::string_view>> next();

  // Where in the stream of bytes they stand: after all that was appended, and after the last frame that was given out.
  std::uint64_t received() const { return received_; }
  std::uint64_t given() const { return received_ - rest().size(); }

  FrameStyle style() const { return style_.value_or(FrameStyle::lines); }
  bool begun() const { return first_ < buffer_.size(); }  // after next() gave nothing: a part of a frame is here

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
  std::size_t first_ = 0;     // of the bytes not yet given out
  std::size_t wiped_ = 0;     // so many of those before it
  std::size_t searched_ = 0;  // of those, how many have no end of line
  std::optional<FrameStyle> style_;
};

// Appends a JSON text as one frame. It has no newline outside of strings, and strings escape theirs.
void write_frame(Wire& out, FrameStyle style, std::string_view text);

// What a frame with a text of so many bytes has before it, and what after it.
struct FrameEnds {
  std::string before;
  std::string_view after;
};
FrameEnds frame_ends(FrameStyle style, std::size_t bytes);

}  // namespace vault::ipc
