// SPDX-License-Identifier: Apache-2.0
#include "ctl/shown_item.hpp"

#include "ipc/json_text.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

using ipc::JsonText;

class ItemText {
 public:
  Secret out;

  void line(std::size_t depth, std::string_view a, std::string_view b = {}, std::string_view c = {}) {
    out.append(bytes_of(std::string(2 * depth, ' ')));
    for (const auto piece : {a, b, c}) out.append(bytes_of(piece));
    out.append(bytes_of("\n"));
  }

  // Writes JSON without commas, so that adding a member after another one changes one line only.
  void json(const JsonText& value, std::size_t depth, std::string_view key = {}) {
    const auto colon = key.empty() ? "" : ": ";
    const bool object = !value.members.empty(), array = !value.elements.empty();
    if (!object && !array) return line(depth, key, colon, plain(value));
    line(depth, key, colon, object ? "{" : "[");
    for (const auto* member : by_key(value)) json(member->value, depth + 1, member->key);
    for (const auto& element : value.elements) json(element, depth + 1);
    line(depth, object ? "}" : "]");
  }

 private:
  static std::string_view plain(const JsonText& value) {
    if (value.kind == JsonText::Kind::object) return "{}";
    return value.kind == JsonText::Kind::array ? "[]" : value.text;
  }
};

bool is_text(std::string_view text) { return text.find('\0') == std::string_view::npos; }

}  // namespace

Secret shown_item(const ipc::GetResult& item) {
  ItemText to;
  if (!item.content_type.empty()) to.line(0, "type: ", item.content_type);
  for (const auto& [key, value] : item.attributes) to.line(0, key, " = ", value);
  if (!item.value || !is_text(item.value->text())) {
    const auto size = item.value ? item.value->size() : ipc::secret_unbase64(item.value_base64->text())->size();
    to.line(0, "binary, " + std::to_string(size) + " bytes");
    return std::move(to.out);
  }
  if (const auto json = ipc::read_json_text(item.value->text()); json && !json->members.empty()) to.json(*json, 0);
  else to.out.append(item.value->view());
  return std::move(to.out);
}

}  // namespace vault::ctl
