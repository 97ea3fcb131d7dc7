// The commands about items: put, get, ls, rm.
#include <unistd.h>

#include "base/limits.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

// Names are escaped where a terminal would act on them, and exact where a program reads them.
std::string shown(std::string_view name) { return is_terminal(STDOUT_FILENO) ? printable(name) : std::string{name}; }

ipc::Reply<Secret> read_value(const Session& session, const std::string& path) {
  constexpr auto too_long = Errc::value_too_large;
  if (!path.empty()) return read_file(path, limits::value_bytes, too_long);
  if (is_terminal(STDIN_FILENO)) {
    if (session.password_source().no_input)
      return refused<Secret>(ipc::malformed(0, "a value is needed: on standard input, or with --file F"));
    write_all(STDERR_FILENO, "Type the value; end it with Ctrl-D on a line of its own.\n");
  }
  return read_all(STDIN_FILENO, "standard input", limits::value_bytes, too_long);
}

Result<ipc::Attributes> read_attributes(const std::vector<std::string>& pairs) {
  ipc::Attributes out;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return Errc::attribute_bad;
    if (!out.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) return Errc::attribute_bad;
  }
  return out;
}

int say_version(const Session& session, const ipc::Reply<ipc::VersionResult>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

// Of an item that was just shown: that this is not all there is of it.
void tell_heads(std::size_t heads) {
  if (heads < 2) return;
  write_all(STDERR_FILENO, "vaultctl: this is one of " + std::to_string(heads) +
                               " heads, written on devices apart: see vaultctl conflicts --diff\n");
}

std::string head_count(const ipc::ListItem& item) {
  return item.heads > 1 ? std::to_string(item.heads) + " heads" : "";
}

// A name on a line of its own, as it is; but a person also wants to know what needs one.
std::string name_line(const ipc::ListItem& item) {
  const bool mark = item.heads > 1 && is_terminal(STDOUT_FILENO);
  return shown(item.name) + (mark ? strong("  (" + head_count(item) + ")", STDOUT_FILENO) : "");
}

}  // namespace

int put(Session& session, const PutOptions& options) {
  auto attributes = read_attributes(options.attributes);
  if (!attributes) return session.fail(attributes.error());
  auto value = read_value(session, options.file);
  if (!value.result) return session.fail(value.failure);
  ipc::PutParams params;
  params.name = options.name;
  ipc::set_value(params, std::move(*value.result));
  params.content_type = unless_empty(options.type);
  if (!attributes->empty()) params.attributes = std::move(*attributes);
  params.if_version = unless_empty(options.if_version);
  return say_version(session, session.call(ipc::methods::item_put, params, "writing"));
}

int get(Session& session, const std::string& name, const std::string& version) {
  auto reply = session.call(ipc::methods::item_get, {.name = name, .version = unless_empty(version)}, "reading");
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  if (version.empty()) tell_heads(reply.result->heads.size());
  const auto value = ipc::take_value(*reply.result);
  if (!value) return session.fail(value.error());
  if (const int code = session.say(value->text()); code != 0) return code;
  return is_terminal(STDOUT_FILENO) ? session.say("\n") : 0;
}

int list(Session& session, const std::string& prefix, bool details) {
  ipc::ListResult all;
  ipc::ListParams params;
  params.prefix = unless_empty(prefix);
  do {
    auto reply = session.call(ipc::methods::item_list, params, "listing");
    if (!reply.result) return session.fail(reply.failure);
    std::move(reply.result->items.begin(), reply.result->items.end(), std::back_inserter(all.items));
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  if (session.json()) return session.say_json(all);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : all.items)
    rows.push_back(details ? std::vector{item.modified, std::to_string(item.size), item.content_type, head_count(item),
                                         shown(item.name)}
                           : std::vector{name_line(item)});
  return session.say(aligned(rows));
}

int remove(Session& session, const std::string& name) {
  return say_version(session, session.call(ipc::methods::item_remove, {.name = name, .if_version = {}}, "removing"));
}

}  // namespace vault::ctl
