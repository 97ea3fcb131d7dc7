// SPDX-License-Identifier: Apache-2.0
#include "ipc/openrpc.hpp"

#include "ipc/api.hpp"
#include "ipc/failure.hpp"
#include "ipc/schema.hpp"

namespace vault::ipc {
namespace {

template <class P>
json::array params_of() {
  json::array out;
  const auto schema = Codec<P>::schema();
  const auto& required = schema.at("required").as_array();
  for (const auto& [name, type] : schema.at("properties").as_object()) {
    const bool needed = std::find(required.begin(), required.end(), json::value(name)) != required.end();
    out.push_back(json::object{{"name", name}, {"required", needed}, {"schema", type}});
  }
  return out;
}

std::string_view kind_of(Takes takes) {
  if (takes == Takes::folder) return "of a folder";
  return takes == Takes::readable_file ? "readable, of a regular file or a pipe"
                                       : "writable, of a regular file or a pipe";
}

std::string file_text(Takes takes) {
  return "One file descriptor, " + std::string{kind_of(takes)} +
         ", comes with bytes of the request as SCM_RIGHTS, in a sendmsg(2) that has "
         "nothing "
         "of the next request; not in a batch. How far a regular file is, lseek(2) tells meanwhile.";
}

template <class P, class R>
json::value describe_method(const Method<P, R>& method) {
  json::object out{{"name", method.name},
                   {"summary", method.summary},
                   {"paramStructure", "by-name"},
                   {"params", params_of<P>()},
                   {"result", json::object{{"name", "result"}, {"schema", Codec<R>::schema()}}}};
  if (method.takes != Takes::nothing) out.emplace("x-file", file_text(method.takes));
  return out;
}

json::object errors() {
  json::object out;
  for (const auto& row : error_classes()) {
    const auto failure = failure_of(row.code);
    out.emplace(
        row.kind,
        json::object{{"code", failure.code}, {"message", failure.message}, {"data", json::object{{"kind", row.kind}}}});
  }
  return out;
}

json::value make_document() {
  json::array all;
  std::apply([&all](const auto&... method) { (all.push_back(describe_method(method)), ...); }, methods::all);
  return json::object{{"openrpc", "1.2.6"},
                      {"info", json::object{{"title", "vaultd"}, {"version", "1.0.0"}}},
                      {"methods", std::move(all)},
                      {"components", json::object{{"errors", errors()}}}};
}

void write_indented(std::string& out, const json::value& value, std::size_t depth) {
  const auto line = [&out](std::size_t levels) { out.append("\n").append(2 * levels, ' '); };
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  if ((object == nullptr || object->empty()) && (array == nullptr || array->empty())) {
    out += json::serialize(value);
    return;
  }
  const char* separator = object ? "{" : "[";
  if (object)
    for (const auto& [key, member] : *object) {
      out += std::exchange(separator, ",");
      line(depth + 1);
      out += json::serialize(key) + ": ";
      write_indented(out, member, depth + 1);
    }
  else
    for (const auto& element : *array) {
      out += std::exchange(separator, ",");
      line(depth + 1);
      write_indented(out, element, depth + 1);
    }
  line(depth);
  out += object ? "}" : "]";
}

}  // namespace

const json::value& openrpc_document() {
  static const auto* document = new json::value(make_document());
  return *document;
}

std::string openrpc_text() {
  std::string out;
  write_indented(out, openrpc_document(), 0);
  return out + "\n";
}

}  // namespace vault::ipc
