// SPDX-License-Identifier: Apache-2.0
// Implements the commands for heads that did not know of each other: conflicts, resolve.
#include <unistd.h>

#include <algorithm>

#include "ctl/commands.hpp"
#include "ctl/diff.hpp"
#include "ctl/shown_item.hpp"
#include "ipc/api/item.hpp"

namespace vault::ctl {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// Returns one line for each head: "1  put  2026-01-31T23:59:59.123Z  phone  12 bytes  application/json  VERSION"
std::string heads_text(const ipc::ConflictItem& item) {
  Rows rows;
  for (std::size_t i = 0; i < item.heads.size(); ++i) {
    const auto& head = item.heads[i];
    const bool put = head.operation == ipc::Operation::put;
    rows.push_back({"  " + std::to_string(i + 1), put ? "put" : "remove", head.modified, shown(head.device_name),
                    put ? std::to_string(head.size) + " bytes" : "", shown(head.content_type), head.version});
  }
  return aligned(rows);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + shown(text);
  return out;
}

std::string item_text(const ipc::ConflictItem& item) {
  return shown(item.name) + "\n" + heads_text(item) +
         (item.merges ? "  can be merged: resolve --merge\n" : "  clash in " + joined(item.clashes) + "\n");
}

// -- Differences

// Appends a line without what a terminal would act on, in memory that is wiped. Tabs stay; they are harmless.
void append_line(Secret& out, std::string_view line, const char* color) {
  const bool plain = color == nullptr;
  if (!plain) out.append(bytes_of(color));
  while (!line.empty()) {
    const auto tab = std::min(line.find('\t'), line.size());
    auto piece = shown(line.substr(0, tab));
    out.append(bytes_of(piece));
    wipe({reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()});
    if (tab < line.size()) out.append(bytes_of("\t"));
    line.remove_prefix(std::min(tab + 1, line.size()));
  }
  out.append(bytes_of(plain ? "\n" : "\x1b[0m\n"));
}

const char* color_of(char mark) {
  if (!colored(STDOUT_FILENO)) return nullptr;
  return mark == '-' ? "\x1b[31m" : mark == '+' ? "\x1b[32m" : mark == '@' ? "\x1b[36m" : nullptr;
}

std::string range(std::size_t line, std::size_t count) {
  return std::to_string(count == 0 ? line - 1 : line) + "," + std::to_string(count);
}

void append_diff(Secret& out, const Secret& before, const Secret& after) {
  for (const auto& hunk : hunks(diff(lines_of(before.text()), lines_of(after.text())))) {
    append_line(out,
                "@@ -" + range(hunk.old_line, hunk.old_count) + " +" + range(hunk.new_line, hunk.new_count) + " @@",
                color_of('@'));
    for (const auto& line : hunk.lines) {
      Secret marked = Secret::copy_of(std::string_view{&line.mark, 1});
      marked.append(bytes_of(line.text));
      append_line(out, marked.text(), color_of(line.mark));
    }
  }
}

// Returns a version as lines, or the reason why it cannot be read.
Secret lines_of_version(Session& session, const std::string& name, const std::string& version) {
  const auto reply = session.call(ipc::methods::item_get, {.name = name, .version = version}, "reading");
  return reply.result ? shown_item(*reply.result) : Secret::copy_of("(" + reply.failure.message + ")\n");
}

int say_differences(Session& session, const ipc::ConflictItem& item) {
  const auto before = item.ancestor ? lines_of_version(session, item.name, *item.ancestor) : Secret{};
  for (std::size_t i = 0; i < item.heads.size(); ++i) {
    const auto& head = item.heads[i];
    Secret out;
    append_line(out, "--- " + item.name + " " + item.ancestor.value_or("(nothing before)"), color_of('-'));
    append_line(out, "+++ " + std::to_string(i + 1) + " " + head.modified + " " + head.device_name, color_of('+'));
    const bool removed = head.operation == ipc::Operation::remove;
    append_diff(out, before,
                removed ? Secret::copy_of("(removed)\n") : lines_of_version(session, item.name, head.version));
    if (const int code = session.say(out.text()); code != 0) return code;
  }
  return 0;
}

// -- Asking

std::optional<std::string> ask(std::string_view question) {
  write_all(STDERR_FILENO, question);
  std::string line;
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1;) {
    if (c == '\n') return line;
    line += c;
  }
  return std::nullopt;
}

int say_resolved(const Session& session, const ipc::Reply<ipc::VersionResult>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

// Resolves the conflict only if the heads are still those that the person has seen.
int resolve_seen(Session& session, const ipc::ConflictItem& item, ipc::ResolveParams params) {
  params.name = item.name;
  params.if_heads.emplace();
  for (const auto& head : item.heads) params.if_heads->push_back(head.version);
  return say_resolved(session, session.call(ipc::methods::item_resolve, params, "writing"));
}

const ipc::ConflictHead* head_at(const ipc::ConflictItem& item, const std::string& number) {
  for (std::size_t i = 0; i < item.heads.size(); ++i)
    if (number == std::to_string(i + 1)) return &item.heads[i];
  return nullptr;
}

int choose(Session& session, const ipc::ConflictItem& item) {
  if (const int code = session.say(item_text(item)); code != 0) return code;
  for (;;) {
    const auto said = ask(item.merges ? "Which one stays? Its number, m to merge, d to see what differs, or nothing: "
                                      : "Which one stays? Its number, d to see what differs, or nothing: ");
    if (!said || said->empty()) return session.fail(Errc::cancelled);
    if (const auto* head = head_at(item, *said)) return resolve_seen(session, item, {.version = head->version});
    if (*said == "m" && item.merges) return resolve_seen(session, item, {.merge = true});
    if (*said != "d") continue;
    if (const int code = say_differences(session, item); code != 0) return code;
  }
}

int ask_and_resolve(Session& session, const std::string& name) {
  if (session.password_source().no_input || session.json() || !is_terminal(STDIN_FILENO))
    return session.fail(ipc::malformed(0, "give the VERSION that is to stay, or --merge"));
  const auto reply = session.call(ipc::methods::item_conflicts, {.name = name}, "reading");
  if (!reply.result) return session.fail(reply.failure);
  if (reply.result->items.empty()) return session.say("There is one head: nothing to resolve.\n");
  return choose(session, reply.result->items.front());
}

}  // namespace

int conflicts(Session& session, const std::string& name, bool differences) {
  ipc::ConflictsParams params;
  if (!name.empty()) params.name = name;
  ipc::ConflictsResult all;
  do {
    auto reply = session.call(ipc::methods::item_conflicts, params, "reading");
    if (!reply.result) return session.fail(reply.failure);
    std::move(reply.result->items.begin(), reply.result->items.end(), std::back_inserter(all.items));
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  if (session.json()) return session.say_json(all);
  for (const auto& item : all.items) {
    if (const int code = session.say(item_text(item)); code != 0) return code;
    if (!differences) continue;
    if (const int code = say_differences(session, item); code != 0) return code;
  }
  return 0;
}

int resolve(Session& session, const ResolveOptions& options) {
  if (options.version.empty() && !options.merge) return ask_and_resolve(session, options.name);
  ipc::ResolveParams params{.name = options.name};
  if (options.merge) params.merge = true;
  else params.version = options.version;
  if (!options.if_heads.empty()) params.if_heads = options.if_heads;
  return say_resolved(session, session.call(ipc::methods::item_resolve, params, "writing"));
}

}  // namespace vault::ctl
