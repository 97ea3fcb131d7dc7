// SPDX-License-Identifier: Apache-2.0
// Implements the commands that read items, and rm.
#include <unistd.h>

#include "ctl/commands.hpp"
#include "ctl/details.hpp"
#include "ctl/large.hpp"
#include "ipc/api/item.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

// Tells a person that the item just shown has other heads too.
void tell_heads(std::size_t heads) {
  if (heads < 2) return;
  write_all(STDERR_FILENO, "vaultctl: this is one of " + std::to_string(heads) +
                               " heads, written on devices apart: see vaultctl conflicts --diff\n");
}

std::string head_count(const ipc::ListItem& item) {
  return item.heads > 1 ? std::to_string(item.heads) + " heads" : "";
}

// Returns a name on a line of its own, unchanged. For a person it marks items with several heads.
std::string name_line(const ipc::ListItem& item) {
  const bool mark = item.heads > 1 && is_terminal(STDOUT_FILENO);
  return shown(item.name) + (mark ? strong("  (" + head_count(item) + ")", STDOUT_FILENO) : "");
}

// Returns the lines below an item: an attribute each.
std::string attribute_lines(const ipc::ListItem& item) {
  if (!item.attributes) return "  (its attributes cannot be read)\n";
  std::string out;
  for (const auto& [key, value] : *item.attributes) out += "  " + shown(key + "=" + value) + "\n";
  return out;
}

std::string long_lines(const std::vector<ipc::ListItem>& items) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : items)
    rows.push_back({item.modified, std::to_string(item.size), item.content_type, head_count(item), shown(item.name)});
  std::string out;
  const auto lines = aligned(rows);
  std::string_view rest = lines;
  for (const auto& item : items) {  // a name has no newline
    const auto line = rest.substr(0, rest.find('\n') + 1);
    out.append(line) += attribute_lines(item);
    rest.remove_prefix(line.size());
  }
  return out;
}

}  // namespace

int get(Session& session, const GetOptions& options) {
  const ipc::BlobGetParams large{.name = options.name,
                                 .version = unless_empty(options.version),
                                 .offset = options.offset,
                                 .length = options.length};
  if (options.details) return show_details(session, large);
  if (!options.output.empty() && options.output != "-")
    return get_to_file(session, large, options.output, options.force);
  if (options.offset || options.length) return get_to_stdout(session, large);
  auto reply =
      session.call(ipc::methods::item_get, {.name = options.name, .version = unless_empty(options.version)}, "reading");
  if (!reply.result && reply.failure.details.contains("size"))
    return session.json() ? show_large_as_json(session, large) : get_to_stdout(session, large);
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  if (options.version.empty()) tell_heads(reply.result->heads.size());
  const auto value = ipc::take_value(*reply.result);
  if (!value) return session.fail(value.error());
  if (const int code = session.say(value->text()); code != 0) return code;
  return is_terminal(STDOUT_FILENO) ? session.say("\n") : 0;
}

int list(Session& session, const std::string& prefix, bool details) {
  ipc::ListResult all;
  ipc::ListParams params;
  params.prefix = unless_empty(prefix);
  if (details || session.json()) params.with_attributes = true;
  do {
    auto reply = session.call(ipc::methods::item_list, params, "listing");
    if (!reply.result) return session.fail(reply.failure);
    std::move(reply.result->items.begin(), reply.result->items.end(), std::back_inserter(all.items));
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  if (session.json()) return session.say_json(all);
  std::string out;
  for (const auto& item : all.items) out += name_line(item) + "\n";
  return session.say(details ? long_lines(all.items) : out);
}

int remove(Session& session, const std::string& name) {
  const auto reply = session.call(ipc::methods::item_remove, {.name = name, .if_version = {}}, "removing");
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

}  // namespace vault::ctl
