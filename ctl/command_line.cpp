// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "base/harden.hpp"
#include "base/input_errc.hpp"
#include "ctl/commands.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

constexpr const char* footer =
    "Exit codes: vaultctl help exit-codes. The manual: man vaultctl.\n"
    "Passwords are asked for at the terminal, or read with --password-fd or --password-file; values come from stdin.";

// Holds everything that the command line can say, and what it makes the program do.
struct CommandLine {
  CLI::App app{"Keeps encrypted data on your devices, through a server that cannot read it.", "vaultctl"};
  Globals globals;
  EnrolOptions enrol;
  PutOptions put;
  PutManyOptions many;
  GetOptions get;
  ResolveOptions resolve;
  RecoveryOptions sheet;
  ExportOptions exported;
  std::string name, which, version, prefix, topic;
  std::vector<std::string> code;
  unsigned timeout = 0;
  bool watch = false, details = false, dry_run = false, differences = false;
  std::function<int(Session&)> chosen;

  CommandLine();
  CLI::App& command(CLI::App& parent, const char* word, const char* summary, std::function<int(Session&)> does);
  CLI::App& command(const char* word, const char* summary, std::function<int(Session&)> does) {
    return command(app, word, summary, std::move(does));
  }
  void global_options();
  void vault_commands();
  void enrol_options(CLI::App& to);
  void item_commands();
  void recovery_commands();
  void other_commands();
  int help() const;
};

CommandLine::CommandLine() {
  app.require_subcommand(1);
  app.footer(footer);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.set_version_flag("--version", "vaultctl " VAULT_VERSION);
  global_options();
  vault_commands();
  item_commands();
  recovery_commands();
  other_commands();
}

CLI::App& CommandLine::command(CLI::App& parent, const char* word, const char* summary,
                               std::function<int(Session&)> does) {
  auto& out = *parent.add_subcommand(word, summary)->group("Commands");
  out.fallthrough();  // lets global options follow the command
  if (does) out.callback([this, does = std::move(does)] { chosen = does; });
  return out;
}

void CommandLine::global_options() {
  app.add_option("--profile", globals.socket.profile, "which vault of this user; VAULTD_PROFILE, else \"default\"")
      ->type_name("P")
      ->take_last();
  app.add_option("--socket", globals.socket.socket,
                 "the daemon's socket; VAULTD_SOCKET, else in $XDG_RUNTIME_DIR/vaultd")
      ->type_name("PATH")
      ->take_last();
  app.add_flag("--json", globals.json, "results as JSON on stdout, errors as JSON on stderr");
  app.add_flag("--no-input", globals.password.no_input, "never ask at the terminal");
  auto* descriptor =
      app.add_option("--password-fd", globals.password.descriptor, "read the password from this descriptor")
          ->check(CLI::Range(0, 1 << 20).description(""))
          ->type_name("N")
          ->take_last();
  app.add_option("--password-file", globals.password.file, "read the password from this file")
      ->type_name("F")
      ->take_last()
      ->excludes(descriptor);
}

void CommandLine::enrol_options(CLI::App& to) {
  to.add_option("--server", enrol.server, "https://HOST[:PORT]")->type_name("URL")->required();
  to.add_option("--account", enrol.account, "the account's name on the server")->type_name("NAME")->required();
  to.add_option("--device-name", enrol.device_name, "what to call this device")->type_name("N");
  to.add_option("--ca", enrol.ca, "trust the certificates in this file instead of the system's")->type_name("FILE");
  to.add_option("--invite", enrol.invite, "for a server that accepts new accounts by invitation")->type_name("CODE");
}

void CommandLine::vault_commands() {
  enrol_options(command("create", "make an account and a vault; this is its first device",
                        [this](Session& s) { return create(s, enrol); }));
  auto& to_join =
      command("join", "make this a device of an existing vault", [this](Session& s) { return join(s, enrol); });
  enrol_options(to_join);
  to_join
      .add_option("--expect", enrol.expect, "a state code from another device: join only a vault whose history has it")
      ->type_name("CODE");
  command("unlock", "open the vault with its password", [](Session& s) { return unlock(s); });
  command("passwd", "change the password; from a file it takes two lines, the present one and the new one",
          [](Session& s) { return passwd(s); });
  command("lock", "forget every key", [](Session& s) { return lock(s); });
  command("status", "what is wrong, if anything, and what to do", [this](Session& s) {
    return status(s, watch);
  }).add_flag("--watch", watch, "go on, and show each change");
}

void CommandLine::item_commands() {
  auto& to_put =
      command("put", "write an item; the value comes from stdin", [this](Session& s) { return ctl::put(s, put); });
  to_put.add_option("NAME", put.name, "a path, like work/github")->required();
  to_put.add_option("--file", put.file, "take the value from this file instead of stdin")->type_name("F");
  to_put
      .add_option_function<std::string>(
          "--type", [this](const std::string& type) { put.type = type; }, "another content type")
      ->type_name("T");
  to_put.add_option("--attr", put.attributes, "set an attribute, or remove it with K-; may be repeated")
      ->type_name("K=V")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  auto* expected = to_put.add_option("--if-version", put.if_version, "only if this is its one head")->type_name("V");
  to_put.add_flag("--new", put.fresh, "only if there is no item of this name")->excludes(expected);
  to_put.add_flag("--empty", put.empty, "an empty value is meant, where standard input is empty");

  auto& to_get =
      command("get", "print an item's value, its exact bytes", [this](Session& s) { return ctl::get(s, get); });
  to_get.add_option("NAME", get.name)->required();
  to_get.add_option("--version", get.version, "of this version")->type_name("V");
  auto* output =
      to_get.add_option("--output", get.output, "into this file, which is there when all of it is; a cut one goes on")
          ->type_name("F");
  to_get.add_flag("--force", get.force, "replace the file if it is there")->needs(output);
  to_get.add_option("--offset", get.offset, "only from this byte on")->type_name("N");
  to_get.add_option("--length", get.length, "only so many bytes")->type_name("N");
  to_get.add_flag("-l", get.details, "size, type, attributes and version instead of the value")->excludes(output);

  auto& to_list = command("ls", "list names", [this](Session& s) { return list(s, prefix, details); });
  to_list.add_option("PREFIX", prefix, "only names that begin with these bytes");
  to_list.add_flag("-l", details, "with time, size, type, number of heads, and attributes");

  command("rm", "remove an item; its history stays", [this](Session& s) { return remove(s, name); })
      .add_option("NAME", name)
      ->required();
  command("history", "all versions of an item, newest first", [this](Session& s) { return history(s, name); })
      .add_option("NAME", name)
      ->required();
  auto& to_restore = command("restore", "write an old version of an item again",
                             [this](Session& s) { return restore(s, name, version); });
  to_restore.add_option("NAME", name)->required();
  to_restore.add_option("VERSION", version, "as history shows it")->required();
  auto& to_conflicts = command("conflicts", "items with more than one head, and their heads",
                               [this](Session& s) { return conflicts(s, name, differences); });
  to_conflicts.add_option("NAME", name, "this item alone");
  to_conflicts.add_flag("--diff", differences, "show what each head has changed: values, on the screen");
  auto& to_resolve = command("resolve", "make one of an item's heads, or their merge, the only one",
                             [this](Session& s) { return ctl::resolve(s, resolve); });
  to_resolve.add_option("NAME", resolve.name)->required();
  auto* chosen_version = to_resolve.add_option("VERSION", resolve.version, "which stays; asked for if it is not given");
  to_resolve.add_flag("--merge", resolve.merge, "all changes that do not clash")->excludes(chosen_version);
  to_resolve.add_option("--if-heads", resolve.if_heads, "only if these are the heads; once for each")
      ->type_name("V")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  auto& to_put_many =
      command("put-many", "write items from stdin, one JSON object a line: {\"name\":...,\"value\":...}",
              [this](Session& s) { return put_many(s, many); });
  to_put_many.add_flag("--check", many.check, "say what would be refused, and write nothing");
  const auto choose = [this](const std::string& how) {
    many.on_duplicate = how == "rename" ? OnDuplicate::rename : how == "last" ? OnDuplicate::last : OnDuplicate::refuse;
  };
  to_put_many
      .add_option_function<std::string>("--on-duplicate", choose,
                                        "what becomes of a name that comes twice: refuse, rename or last")
      ->check(CLI::IsMember({"refuse", "rename", "last"}).description(""))
      ->type_name("HOW");
}

void CommandLine::recovery_commands() {
  auto& recovery =
      command("recovery", "the sheet for when all devices are lost, or the password is forgotten", nullptr);
  recovery.require_subcommand(1);
  constexpr auto no_code = "plain text also on a terminal: no frame, no QR code";
  constexpr auto kept = "do not ask whether the new sheet is kept: for scripts that keep it";
  auto& create = command(recovery, "create", "print a new sheet, which ends the one before when you confirm it",
                         [this](Session& s) { return recovery_create(s, sheet); });
  create.add_flag("--text", sheet.text, no_code);
  create.add_flag("--yes", sheet.yes, kept);
  command(recovery, "confirm", "say that you have the sheet in force, by its code: also finds out whether it is",
          [](Session& s) { return recovery_confirm(s); });
  auto& use = command(recovery, "use",
                      "open the vault with the sheet, set a new password, and print a new sheet; a file has two lines, "
                      "the code and the new password",
                      [this](Session& s) { return recovery_use(s, sheet); });
  use.add_option("--server", sheet.server, "where there is no vault on this device: as it stands on the sheet")
      ->type_name("URL");
  use.add_option("--account", sheet.account, "likewise")->type_name("NAME");
  use.add_option("--device-name", sheet.device_name, "what to call this device")->type_name("N");
  use.add_option("--ca", sheet.ca, "trust the certificates in this file instead of the system's")->type_name("FILE");
  use.add_option("--expect", sheet.expect, "the state code of the sheet")->type_name("CODE");
  use.add_flag("--text", sheet.text, no_code);
  use.add_flag("--yes", sheet.yes, kept);
}

void CommandLine::other_commands() {
  auto& to_sync = command("sync", "pull and push now, and wait for it", nullptr);
  const auto* timeout_option =
      to_sync.add_option("--timeout", timeout, "seconds to wait; 60 unless told")->type_name("S");
  to_sync.callback([this, timeout_option] {
    const auto seconds = timeout_option->count() > 0 ? std::optional{timeout} : std::nullopt;
    chosen = [seconds](Session& s) { return ctl::sync(s, seconds); };
  });
  auto& device = command("device", "the devices of the vault", nullptr);
  device.require_subcommand(1);
  command(device, "ls", "list them", [](Session& s) { return device_list(s); });
  auto& to_revoke =
      command(device, "revoke", "end a device that was lost, and give the vault a password that it never knew",
              [this](Session& s) { return device_revoke(s, which, sheet.yes); });
  to_revoke.add_option("DEVICE", which, "its name, or its id, or the first four digits or more of that")->required();
  to_revoke.add_flag("--yes", sheet.yes, "if there is a new recovery sheet, do not ask whether it is kept");
  auto& to_rename = command(device, "rename", "give a device another name",
                            [this](Session& s) { return device_rename(s, which, name); });
  to_rename.add_option("DEVICE", which, "its name, or its id, or the first four digits or more of that")->required();
  to_rename.add_option("NAME", name, "its new name")->required();
  command("verify", "make a state code for another device, or compare one from there", [this](Session& s) {
    return verify(s, code);
  }).add_option("CODE", code, "twenty digits, as the other device shows them");
  auto& to_repair = command("repair", "send a server what it has lost, byte for byte, and trust it again",
                            [this](Session& s) { return repair(s, enrol.invite, dry_run); });
  to_repair.add_flag("--dry-run", dry_run, "say what would be sent, and send nothing");
  to_repair.add_option("--invite", enrol.invite, "for a server that makes accounts by invitation, and lost this one")
      ->type_name("CODE");
  auto& to_export = command("export", "write everything to a folder, for vault readers and backups",
                            [this](Session& s) { return export_sealed(s, exported); });
  to_export.add_option("--sealed", exported.folder, "as stored, sealed; a new or empty folder")
      ->type_name("DIR")
      ->required();
  to_export.add_flag("--resume", exported.resume,
                     "go on with an export that is in the folder; chunks that are there stay");
  to_export.add_flag("--without-large", exported.without_large,
                     "no large values, for which the vault must be unlocked");
  command("metrics", "the daemon's numbers, for Prometheus and others that read OpenMetrics",
          [](Session& s) { return metrics(s); });
  command("help", "show this, or: help exit-codes", [this](Session&) { return help(); }).add_option("TOPIC", topic);
}

int CommandLine::help() const {
  if (topic == "exit-codes") return write_all(STDOUT_FILENO, exit_codes()) ? 0 : 1;
  // A fresh app, since CLI11 gives the help of the command that was used, and that is `help`.
  const CommandLine fresh;
  if (topic.empty()) return write_all(STDOUT_FILENO, fresh.app.help()) ? 0 : 1;
  for (const auto* about : fresh.app.get_subcommands(nullptr))
    if (about->get_name() == topic) return write_all(STDOUT_FILENO, about->help("vaultctl")) ? 0 : 1;
  return report(ipc::malformed(0, "there is no help about " + topic + ": give a command, or exit-codes"), globals.json);
}

// Works even for a line that cannot be parsed.
bool wants_json(int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [](const char* word) { return std::string_view{word} == "--json"; });
}

int explain(const CLI::App& app, const CLI::ParseError& error, bool json) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  const auto used = app.get_subcommands();
  const auto left_over = app.remaining();
  std::string what = error.what();
  if (used.empty())
    what = left_over.empty() ? "a command is expected" : "there is no command or option " + left_over.front();
  return report(ipc::malformed(0, what + ": see vaultctl help" + (used.empty() ? "" : " " + used.front()->get_name())),
                json);
}

}  // namespace

int run(int argc, const char* const* argv) {
  harden_process();
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(line.app, error, wants_json(argc, argv));
  }
  if (!std::all_of(argv, argv + argc, ipc::is_utf8))
    return report(ipc::failure_of(InputErrc::text_not_utf8), line.globals.json);
  Session session{line.globals};
  return line.chosen(session);
}

}  // namespace vault::ctl
