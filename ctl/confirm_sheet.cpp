// SPDX-License-Identifier: Apache-2.0
// Shows a new recovery sheet and lets a person confirm that they have it. A sheet that replaces another one is in force
// only then.
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ctl/sheet.hpp"
#include "ipc/api/recovery.hpp"

namespace vault::ctl {
namespace {

constexpr std::size_t group_characters = 4;
constexpr int confirming_tries = 3;
constexpr auto unconfirmed_by_script =
    "nobody confirmed the new sheet, so nothing was changed and the sheet before stays: a script that keeps the sheet "
    "says "
    "--yes";

Secret last_group(const ipc::RecoverySheet& sheet) {
  return Secret::copy_of(sheet.code.text().substr(sheet.code.size() - group_characters));
}

std::string not_confirmed(const ipc::RecoverySheet& sheet) {
  if (sheet.in_force)
    return "Nobody has confirmed the new sheet, and the one before has ended. If you have it: vaultctl "
           "recovery confirm. If not: vaultctl recovery create.\n";
  return std::string{"The new sheet is not in force: nothing was changed"} +
         (sheet.replaced ? ", and the sheet before stays." : ".") + " Make another one when you can keep it.\n";
}

std::string_view what_counts_until(const ipc::RecoverySheet& sheet) {
  if (sheet.in_force) return "\nUntil you confirm it, vaultctl status says that nobody has this sheet.\n";
  return sheet.replaced ? "\nUntil you confirm it, the sheet before stays in force and this one opens nothing.\n"
                        : "\nUntil you confirm it, this sheet opens nothing.\n";
}

ipc::Reply<ipc::RecoveryConfirmResult> confirm(Session& session, const ipc::RecoverySheet& sheet, Secret group,
                                               const Secret* password) {
  ipc::RecoveryConfirmParams params{std::move(group), std::nullopt};
  if (password != nullptr && !sheet.in_force) params.password = Secret::copy_of(password->view());
  return session.change(ipc::methods::recovery_confirm, params, "putting the sheet in force",
                        "the new sheet is in force, and the one before has ended");
}

// Asks a person, and again after a slip.
ipc::Reply<ipc::RecoveryConfirmResult> confirmed_by_person(Session& session, const ipc::RecoverySheet& sheet,
                                                           const Secret* password) {
  note(session, std::string{what_counts_until(sheet)});
  for (int left = confirming_tries;; --left) {
    auto typed =
        read_visibly(session.password_source(), "The last group of the new code, as it stands on your sheet: ");
    if (!typed.result) return refused<ipc::RecoveryConfirmResult>(typed.failure);
    auto out = confirm(session, sheet, std::move(*typed.result), password);
    if (out.result || out.failure.klass != Errc::usage || left == 1) return out;
    note(session, printable(out.failure.message) + "\n");
  }
}

int say_in_force(const Session& session, const ipc::RecoverySheet& sheet) {
  if (sheet.in_force) note(session, "The sheet is confirmed.\n");
  else if (!sheet.replaced) note(session, "The sheet is in force.\n");
  else
    note(session,
         "The sheet is in force, and the one before has ended: destroy it. What was written until now it still opens, "
         "in "
         "a copy of the server's bytes.\n");
  return 0;
}

}  // namespace

int keep_sheet(Session& session, const ipc::RecoverySheet& sheet, const SheetOptions& options, const Secret* password) {
  if (!options.shown) {
    const auto text = sheet_text(sheet, paper_of_stdout(options.text));
    if (const int code = session.say(text.text()); code != 0) {
      note(session, "The new sheet could not be shown. " + not_confirmed(sheet));
      return code;
    }
  }
  const auto done = options.yes ? confirm(session, sheet, last_group(sheet), password)
                                : confirmed_by_person(session, sheet, password);
  if (done.result) return say_in_force(session, sheet);
  if (options.yes || has_terminal(session.password_source())) {
    note(session, not_confirmed(sheet));
    return session.fail(done.failure);
  }
  if (!sheet.in_force) return session.fail(ipc::malformed(0, unconfirmed_by_script));
  note(session, not_confirmed(sheet) + "A script says --yes when it has kept the sheet.\n");
  return 0;
}

}  // namespace vault::ctl
