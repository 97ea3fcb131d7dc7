// SPDX-License-Identifier: Apache-2.0
#include "ipc/schema.hpp"

namespace vault::ipc {
namespace {

// Cuts a name that a peer sent, so that a long one does not drown the sentence. Cuts at the start of a UTF-8 character.
std::string_view shortened(std::string_view name) {
  constexpr std::size_t most = 64;
  if (name.size() <= most) return name;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end);
}

}  // namespace

bool Reading::fail(std::string_view what) {
  if (why_.empty()) why_ = path_ + " " + std::string{what};
  return false;
}

bool Reading::fail_member(std::string_view name, std::string_view what) {
  return at("." + std::string{shortened(name)}, [this, what] { return fail(what); });
}

json::value schema_of_type(std::string_view type) { return json::object{{"type", type}}; }

bool Codec<std::string>::decode(const json::value& in, std::string& out, Reading& reading) {
  const auto* text = in.if_string();
  if (text == nullptr) return reading.fail("must be a string");
  out.assign(text->data(), text->size());
  return true;
}

bool Codec<Secret>::decode(const json::value& in, Secret& out, Reading& reading) {
  const auto* text = in.if_string();
  if (text == nullptr) return reading.fail("must be a string");
  out = Secret::copy_of(std::string_view{*text});
  return true;
}

bool Codec<bool>::decode(const json::value& in, bool& out, Reading& reading) {
  const auto* truth = in.if_bool();
  if (truth == nullptr) return reading.fail("must be true or false");
  out = *truth;
  return true;
}

bool decode_integer(const json::value& in, std::int64_t least, std::int64_t& out, Reading& reading) {
  boost::system::error_code not_exact;
  const auto number = in.is_double() ? least - 1 : in.to_number<std::int64_t>(not_exact);
  if (not_exact || number < least || number > largest_integer)
    return reading.fail("must be an integer from " + std::to_string(least) + " to " + std::to_string(largest_integer));
  out = number;
  return true;
}

json::value schema_of_integer(std::int64_t least) {
  return json::object{{"type", "integer"}, {"minimum", least}, {"maximum", largest_integer}};
}

using StringMap = std::map<std::string, std::string>;

bool Codec<StringMap>::decode(const json::value& in, StringMap& out, Reading& reading) {
  const auto* object = in.if_object();
  if (object == nullptr) return reading.fail("must be an object of strings");
  for (const auto& [key, value] : *object) {
    const auto* text = value.if_string();
    if (text == nullptr) return reading.fail_member(key, "must be a string");
    out.emplace(key, *text);
  }
  return true;
}

json::value Codec<StringMap>::encode(const StringMap& value) {
  json::object out(json_storage());
  for (const auto& [key, text] : value) out.emplace(key, text);
  return out;
}

json::value Codec<StringMap>::schema() {
  return json::object{{"type", "object"}, {"additionalProperties", schema_of_type("string")}};
}

using StringChanges = std::map<std::string, Nullable<std::string>>;

bool Codec<StringChanges>::decode(const json::value& in, StringChanges& out, Reading& reading) {
  const auto* object = in.if_object();
  if (object == nullptr) return reading.fail("must be an object of strings and nulls");
  for (const auto& [key, value] : *object) {
    const auto* text = value.if_string();
    if (text == nullptr && !value.is_null()) return reading.fail_member(key, "must be a string or null");
    auto& slot = out[key];
    if (text != nullptr) slot.emplace(*text);
  }
  return true;
}

json::value Codec<StringChanges>::encode(const StringChanges& value) {
  json::object out(json_storage());
  for (const auto& [key, text] : value) out.emplace(key, Codec<Nullable<std::string>>::encode(text));
  return out;
}

json::value Codec<StringChanges>::schema() {
  return json::object{{"type", "object"}, {"additionalProperties", Codec<Nullable<std::string>>::schema()}};
}

}  // namespace vault::ipc
