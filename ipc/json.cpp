// SPDX-License-Identifier: Apache-2.0
#include "ipc/json.hpp"

#include <string.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serializer.hpp>
#include <cmath>

#include "base/limits.hpp"

namespace vault::ipc {
namespace {

class WipingResource final : public json::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override { return secret_allocate(size); }
  void do_deallocate(void* memory, std::size_t size, std::size_t) override { secret_deallocate(memory, size); }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

// Counts the keys in the text. Boost.JSON silently keeps the last of two equal keys, so an object that dropped one has
// fewer than the text.
struct KeyCounter {
  static constexpr std::size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX, max_key_size = SIZE_MAX,
                               max_string_size = SIZE_MAX;
  using Error = boost::system::error_code;
  using Text = json::string_view;
  std::size_t keys = 0;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return ++keys; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

json::parse_options options() {
  json::parse_options out;
  out.max_depth = limits::json_depth;
  return out;
}

// Holds what a walk over a parsed value finds. The parser has bounded its depth.
struct Found {
  std::size_t keys = 0;
  bool finite = true;

  void walk(const json::value& value) {
    if (const auto* number = value.if_double()) finite = finite && std::isfinite(*number);
    if (const auto* array = value.if_array())
      for (const auto& element : *array) walk(element);
    if (const auto* object = value.if_object())
      for (const auto& member : *object) ++keys, walk(member.value());
  }
};

std::size_t count_keys(std::string_view text) {
  json::basic_parser<KeyCounter> counter{options()};
  boost::system::error_code error;
  counter.write_some(false, text.data(), text.size(), error);
  return counter.handler().keys;
}

// Overwrites the stack below the caller, where the parser unescapes strings in a buffer.
[[gnu::noinline]] void scrub_stack() {
  char below[16 * 1024];
  explicit_bzero(below, sizeof below);
}

Result<json::value> parse_strictly(std::string_view text) {
  json::parser parser{json_storage(), options()};
  parser.reset(json_storage());
  boost::system::error_code error;
  parser.write(text.data(), text.size(), error);
  if (error) return error == json::error::too_deep ? Errc::limit : Errc::usage;
  auto value = parser.release();
  Found found;
  found.walk(value);
  if (!found.finite || found.keys != count_keys(text)) return Errc::usage;
  return value;
}

}  // namespace

json::storage_ptr json_storage() {
  static auto* resource = new WipingResource;  // never destroyed: values in static objects may outlive it
  return resource;
}

Result<json::value> parse_json(std::string_view text) {
  auto value = parse_strictly(text);
  scrub_stack();
  return value;
}

void write_json(Wire& out, const json::value& value) {
  json::serializer serializer;
  serializer.reset(&value);
  while (!serializer.done()) {
    const auto used = out.size();
    out.resize(std::max<std::size_t>(used + 1024, out.capacity()));
    out.resize(used + serializer.read(out.data() + used, out.size() - used).size());
  }
}

}  // namespace vault::ipc
