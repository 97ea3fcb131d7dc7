// SPDX-License-Identifier: Apache-2.0
#include "ipc/framing.hpp"
#include "ipc/errc.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using ipc::FrameReader;
using ipc::FrameStyle;

namespace framing_test {
namespace {

std::vector<std::string> frames_of(FrameReader& reader) {
  std::vector<std::string> out;
  for (;;) {
    const auto frame = reader.next();
    if (!frame) {
      out.push_back("error: " + frame.error().message());
      return out;
    }
    if (!*frame) return out;
    out.emplace_back(**frame);
  }
}

std::vector<std::string> frames_of(std::string_view text, std::size_t most = 100) {
  FrameReader reader{most};
  reader.append(text);
  return frames_of(reader);
}

using List = std::vector<std::string>;
const std::string too_large = "error: " + make_error_code(IpcErrc::frame_too_large).message();
const std::string bad = "error: " + make_error_code(Errc::usage).message();

}  // namespace

TEST_CASE("lines are frames, with or without a carriage return, and empty ones are nothing") {
  CHECK(frames_of("{}\n\n[1]\r\n\r\nx\n{\"unfinished\"") == List{"{}", "[1]", "x"});
}

TEST_CASE("a stream that begins with C is read by its headers") {
  CHECK(frames_of("Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x; "
                  "charset=utf-8\r\n\r\n[1]Content-Length: 9\r\n\r\n{") == List{"{}", "[1]"});
  CHECK(frames_of("Content-Length: 3\r\n\r\n\n\n\n") == List{"\n\n\n"});
}

TEST_CASE("headers that make no sense are refused") {
  for (const char* text : {"Content-Length: -1\r\n\r\n", "Content-Length: 1 \r\n\r\n", "Content-Length: 0x1\r\n\r\n",
                           "Content-Length:\r\n\r\n", "Content-Type: x\r\n\r\n",
                           "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "Content-Length 1\r\n\r\n", "C\r\n\r\n",
                           "Content-Length: 1\r\nx\r\n\r\n", "Content-Length: 99999999999999999999999\r\n\r\n"}) {
    INFO(text);
    CHECK(frames_of(text) == List{bad});
  }
  CHECK(frames_of("Content-Length: 1" + std::string(2000, ' ')) == List{bad});
}

TEST_CASE("a frame over the limit is refused as soon as that is known") {
  CHECK(frames_of(std::string(100, 'x') + "\n") == List{std::string(100, 'x')});
  CHECK(frames_of(std::string(101, 'x')) == List{too_large});
  CHECK(frames_of("{}\n" + std::string(101, 'x') + "\n") == List{"{}", too_large});
  CHECK(frames_of("Content-Length: 101\r\n\r\n") == List{too_large});
  CHECK(frames_of("Content-Length: 18446744073709551615\r\n\r\n") == List{too_large});
}

TEST_CASE("frames do not depend on how their bytes were cut on the way") {
  tests::for_all(200, [](tests::Random& random) {
    const bool headers = random.chance(50);
    std::string stream;
    List expected;
    for (auto n = random.below(8); n > 0; --n) {
      const std::string text(1 + random.below(60), static_cast<char>('a' + random.below(26)));
      stream += headers ? "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text : text + "\n";
      expected.push_back(text);
    }
    FrameReader reader{100};
    List seen;
    for (std::string_view rest = stream; !rest.empty();) {
      const auto size = std::min<std::size_t>(rest.size(), 1 + random.below(40));
      reader.append(rest.substr(0, size));
      rest.remove_prefix(size);
      for (auto& frame : frames_of(reader)) seen.push_back(frame);
    }
    CHECK(seen == expected);
    CHECK_FALSE(reader.begun());
  });
}

TEST_CASE("answers are framed as the client's first byte asked") {
  ipc::Wire lines, headers;
  ipc::write_frame(lines, FrameStyle::lines, "[1]");
  ipc::write_frame(headers, FrameStyle::headers, "[1]");
  CHECK(ipc::text_of(lines) == "[1]\n");
  CHECK(ipc::text_of(headers) == "Content-Length: 3\r\n\r\n[1]");
}

TEST_CASE("a frame that was given out is wiped by the next call, though no further byte comes") {
  FrameReader reader{100};
  reader.append("a password\nhalf");
  const auto frame = reader.next();
  REQUIRE((frame && *frame));
  const auto* where = (**frame).data();
  const auto size = (**frame).size();
  REQUIRE((*reader.next() == std::nullopt));
  CHECK(std::all_of(where, where + size, [](char c) { return c == 0; }));
  CHECK(reader.begun());
}

}  // namespace framing_test
