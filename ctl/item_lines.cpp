// SPDX-License-Identifier: Apache-2.0
#include "ctl/item_lines.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/limits.hpp"
#include "ctl/files.hpp"
#include "ipc/errc.hpp"

namespace vault::ctl {
namespace {

namespace json = ipc::json;

constexpr std::size_t piece = 64 * 1024;

// True for what stands in the place of a large value: its value is null, and its size is told.
bool stands_for_large(const json::object& item) {
  const auto* value = item.if_contains("value_base64");
  return value != nullptr && value->is_null() && (item.contains("size") || item.contains("missing"));
}

void forget_shown(json::object& item) {
  for (const auto* member : {"version", "modified", "heads", "clock", "wall"}) item.erase(member);
}

}  // namespace

// Wipes the line that was given and moves the rest to the front.
void LineReader::forget_given() {
  const auto left = buffer_.size() - first_;
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(first_), buffer_.end(), buffer_.begin());
  wipe({reinterpret_cast<std::uint8_t*>(buffer_.data()) + left, first_});
  buffer_.resize(left);
  first_ = 0;
}

boost::system::error_code LineReader::fill() {
  forget_given();
  searched_ = buffer_.size();
  buffer_.resize(searched_ + piece);
  ssize_t size;
  do size = read(descriptor_, buffer_.data() + searched_, piece);
  while (size < 0 && errno == EINTR);
  const auto error = last_error();
  buffer_.resize(searched_ + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  ended_ = size == 0;
  return size < 0 ? error : boost::system::error_code{};
}

Result<std::optional<std::string_view>> LineReader::next() {
  for (;;) {
    const auto all = ipc::text_of(buffer_);
    const auto end = all.find('\n', searched_);
    const auto size = std::min(end, all.size()) - first_;
    if (size > limits::frame_bytes) {
      ++number_;
      return IpcErrc::frame_too_large;
    }
    if (end != std::string_view::npos || (ended_ && size > 0)) {
      const auto line = all.substr(first_, size);
      first_ = searched_ = end == std::string_view::npos ? all.size() : end + 1;
      ++number_;
      return std::optional{line};
    }
    if (ended_) return std::optional<std::string_view>{};
    if (const auto error = fill()) return error;
  }
}

ipc::Reply<ipc::PutParams> item_of(std::string_view line, std::string& name) {
  const auto bad = [](std::string what) {
    return refused<ipc::PutParams>(ipc::malformed(ipc::rpc_code::invalid_params, std::move(what)));
  };
  auto value = ipc::parse_json(line);
  auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) return bad("this is no object in strict JSON");
  const auto* named = object->if_contains("name");
  if (named != nullptr && named->is_string()) name = std::string_view{named->get_string()};
  if (stands_for_large(*object))
    return bad("the line has no value: it is a large one, for get --output and put --file");
  forget_shown(*object);
  ipc::Reply<ipc::PutParams> out;
  ipc::Reading reading{"item"};
  if (!ipc::Codec<ipc::PutParams>::decode(*value, out.result.emplace(), reading)) return bad(reading.why());
  return out;
}

}  // namespace vault::ctl
