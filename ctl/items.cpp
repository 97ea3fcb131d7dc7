// SPDX-License-Identifier: Apache-2.0
// Implements the commands for items: put, get, ls, rm.
#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ctl/large.hpp"
#include "ipc/api/item.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

// Holds the source of a value: a descriptor and the first bytes, which are all of them if the value is small.
struct Input {
  File file;
  Secret first;
  bool small = false;
};

ipc::Reply<Input> open_input(const Session& session, const std::string& path) {
  ipc::Reply<Input> out;
  out.result.emplace();
  out.result->file =
      File{path.empty() ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!out.result->file)
    return refused<Input>(file_failure("read", path.empty() ? "standard input" : path, last_error()));
  if (!path.empty() || !is_terminal(STDIN_FILENO)) return out;
  if (session.password_source().no_input)
    return refused<Input>(ipc::malformed(0, "a value is needed: on standard input, or with --file F"));
  write_all(STDERR_FILENO, "Type the value; end it with Ctrl-D on a line of its own.\n");
  return out;
}

// Reads the first bytes of the input, unless it is a large regular file.
ipc::Reply<Input> read_input(const Session& session, const std::string& path) {
  auto input = open_input(session, path);
  if (!input.result || bytes_left(input.result->file.get()).value_or(0) > limits::value_bytes) return input;
  const auto what = path.empty() ? "standard input" : path;
  auto first = read_first(input.result->file.get(), what, limits::value_bytes + 1);
  if (!first.result) return refused<Input>(std::move(first.failure));
  input.result->first = std::move(*first.result);
  input.result->small = input.result->first.size() <= limits::value_bytes;
  return input;
}

Result<ipc::Attributes> read_attributes(const std::vector<std::string>& pairs) {
  ipc::Attributes out;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return InputErrc::attribute_bad;
    if (!out.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) return InputErrc::attribute_bad;
  }
  return out;
}

template <class R>
int say_version(const Session& session, const ipc::Reply<R>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

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

}  // namespace

int put(Session& session, const PutOptions& options) {
  auto attributes = read_attributes(options.attributes);
  if (!attributes) return session.fail(attributes.error());
  auto input = read_input(session, options.file);
  if (!input.result) return session.fail(input.failure);
  const auto attributes_given = attributes->empty() ? std::nullopt : std::optional{std::move(*attributes)};
  if (!input.result->small) {
    const ipc::BlobPutParams params{.name = options.name,
                                    .content_type = unless_empty(options.type),
                                    .attributes = attributes_given,
                                    .if_version = unless_empty(options.if_version),
                                    .length = {}};
    return say_version(session, put_large(session, params, std::move(input.result->first), input.result->file.get()));
  }
  ipc::PutParams params;
  params.name = options.name;
  ipc::set_value(params, std::move(input.result->first));
  params.content_type = unless_empty(options.type);
  params.attributes = attributes_given;
  params.if_version = unless_empty(options.if_version);
  return say_version(session, session.call(ipc::methods::item_put, params, "writing"));
}

int get(Session& session, const GetOptions& options) {
  const ipc::BlobGetParams large{.name = options.name,
                                 .version = unless_empty(options.version),
                                 .offset = options.offset,
                                 .length = options.length};
  if (!options.output.empty()) return get_to_file(session, large, options.output);
  if (options.offset || options.length) return get_to_stdout(session, large);
  auto reply =
      session.call(ipc::methods::item_get, {.name = options.name, .version = unless_empty(options.version)}, "reading");
  if (!reply.result && !session.json() && reply.failure.details.contains("size")) return get_to_stdout(session, large);
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
