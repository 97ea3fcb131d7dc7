#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies and reads what `vaultctl export --sealed` wrote, with the password or a recovery sheet and nothing of vaultd.

Exit 0 when everything verified, 1 when something did not (a line each says what), 2 for wrong usage. A large value that is
damaged is not shown, and everything else is."""

WITHOUT_STATE_CODE = "without the state code of the sheet nobody can tell a false vault, made around its code: give --sheet"

import argparse
import base64
import json
import os
import sys
import tempfile

from vaultformat.commit import PUT, heads
from vaultformat.primitives import Refused
from vaultformat.recovery import Sheet, parse_code, parse_sheet, parse_state_code
from vaultformat.vault import Damaged, Large, Missing, Vault, winner


def arguments(argv):
    parser = argparse.ArgumentParser(prog="vaultread", description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="DIR")
    opens = parser.add_mutually_exclusive_group(required=True)
    opens.add_argument("--password-file", metavar="F", help="one newline at its end is dropped, with a carriage return before it; - is standard input, here and below")
    opens.add_argument("--sheet", metavar="F", help="a file with a whole recovery sheet, or with the line of its QR code")
    opens.add_argument("--code", metavar="F", help="a file with the code of a sheet alone")
    parser.add_argument("--state-code", metavar="F", help="a file with a state code that the vault must have, such as a sheet's")
    parser.add_argument("--allow-test-suite", action="store_true", help="accept suite 0xFE")
    parser.add_argument("--lacking", action="store_true",
                        help="read what is there though the export lacks parts of large values; they are named, and the exit is 1")
    parser.add_argument("--output", metavar="F", help="with --get: a new file for the value")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="all items as JSON lines (the default)")
    what.add_argument("--list", action="store_true", help="names")
    what.add_argument("--get", metavar="NAME", help="a value's bytes")
    what.add_argument("--history", metavar="NAME", help="all versions of a name as JSON lines")
    what.add_argument("--sealings", action="store_true",
                      help="each use of a key and IV: sha256(ek, iv), sha256(ciphertext), device, ctr, kind")
    what.add_argument("--check-only", action="store_true", help="what was verified")
    given = parser.parse_args(argv)
    if given.output is not None and given.get is None:
        parser.error("--output goes with --get")
    if not os.path.isdir(given.folder):
        parser.error(f"{given.folder}: no such folder")
    if [given.password_file, given.sheet, given.code, given.state_code].count("-") > 1:
        parser.error("only one thing can come from standard input")
    given.secret = read_secret(parser, given.password_file or given.sheet or given.code)
    given.state_code = given.state_code and read_secret(parser, given.state_code)
    return given


def without_newline(text):
    """Editors of other systems end a line with a carriage return and a newline."""
    return text.removesuffix(b"\r\n") if text.endswith(b"\r\n") else text.removesuffix(b"\n")


def read_secret(parser, path):
    """Secrets come from files, since everybody sees the words of a command."""
    if path == "-":
        return without_newline(sys.stdin.buffer.read())
    try:
        with open(path, "rb") as file:
            return without_newline(file.read())
    except OSError as why:
        parser.error(f"{path}: {why.strerror.lower()}")


def open_vault(given):
    text = given.secret.decode(errors="replace").strip()
    sheet = parse_sheet(text) if given.sheet else Sheet(parse_code(text)) if given.code else None
    state_code = parse_state_code(given.state_code.decode(errors="replace")) if given.state_code is not None else None
    if given.code and not state_code:
        print(f"vaultread: {WITHOUT_STATE_CODE}", file=sys.stderr)
    return Vault(given.folder, given.secret, given.allow_test_suite, given.lacking, sheet, state_code)


def encoded(value):
    """What stands for a value in a line of JSON: of a large one its size and hash, which --get verifies once more."""
    if isinstance(value, Large):
        return {"value_base64": None, "size": value.length, "sha256": value.sha256}
    if isinstance(value, Missing):
        return {"value_base64": None, "missing": value.files}
    if isinstance(value, Damaged):
        return {"value_base64": None, "damaged": value.why}
    return {"value_base64": None if value is None else base64.b64encode(value).decode()}


def described(record, value):
    return {"name": record.name.decode()} | encoded(value) | {
            "content_type": record.content_type.decode(),
            "attributes": {k.decode(): v.decode() for k, v in record.attributes},
            "version": record.version_id.hex(), "clock": record.clock, "wall": record.wall}


def show_json(vault):
    for name, best, others in vault.items():
        line = described(best, vault.values[name])
        print(json.dumps(line | {"heads": sorted(h.version_id.hex() for h in others)}))


def show_list(vault):
    for name, _, _ in vault.items():
        print(name.decode())


def parts_of(vault, name):
    value = vault.values.get(os.fsencode(name))
    if value is None:
        raise Refused(f"no item has the name {name}")
    if isinstance(value, Missing):
        raise Refused(f"{value.files[0]}: missing")
    if isinstance(value, Damaged):
        raise Refused(value.why)
    return value.parts() if isinstance(value, Large) else [value]


def show_value(vault, name, output):
    """To stdout, or to a file that is there whole or not at all."""
    parts = parts_of(vault, name)
    if output is None:
        for part in parts:
            sys.stdout.buffer.write(part)
        return
    if os.path.lexists(output):
        raise Refused(f"{output}: is there already")
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(output) or ".", delete=False) as file:
        try:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            os.rename(file.name, output)
        except BaseException:
            os.unlink(file.name)
            raise


def show_history(vault, name):
    versions = vault.names.get(os.fsencode(name))
    if not versions:
        raise Refused(f"no item has or had the name {name}")
    best, current = winner(versions), heads(versions)
    for record in sorted(versions, key=lambda r: (r.clock, r.version_id)):
        line = described(record, vault.value(record))
        print(json.dumps(line | {"operation": "put" if record.operation == PUT else "remove",
                                 "replaces": [v.hex() for v in record.replaces],
                                 "head": record in current, "winner": record == best}))


def counted(number, what, whole=None):
    return f"{number} {what}" if whole in (None, number) else f"{whole} of {number} {what}"


def faults(vault):
    """A line for each thing that is not as it should be, and did not keep the rest from being read."""
    return [f"{name}: missing" for name in vault.missing] + vault.damaged + vault.lost


def show_checked(vault):
    counts = [counted(len(vault.rings.versions), "keyring versions"), counted(len(vault.chains), "chains"),
              counted(sum(len(chain.headers) for chain in vault.chains.values()), "commits"),
              counted(sum(1 for _ in vault.items()), "items")]
    if vault.blobs:
        whole = sum(isinstance(value, Large) for value in vault.blobs.values())
        counts.append(counted(len(vault.blobs), "large values", whole))
    if vault.proofs:
        counts.append(counted(len(vault.proofs), "proofs of a clone"))
    print(f"verified{' in part' if faults(vault) else ''}: " + ", ".join(counts))
    for device_id, seq in vault.proofs:
        print(f"proved: two processes were device {device_id.hex()}, and both signed a commit {seq}")


def show_sealings(vault):
    for sealing in vault.sealings:
        print(sealing.line())
    for large in vault.blobs.values():
        if isinstance(large, Large):
            for sealing in large.sealings():
                print(sealing.line())


def show(given, vault):
    if given.sealings:
        show_sealings(vault)
    elif given.check_only:
        show_checked(vault)
    elif given.list:
        show_list(vault)
    elif given.get is not None:
        show_value(vault, given.get, given.output)
    elif given.history is not None:
        show_history(vault, given.history)
    else:
        show_json(vault)


def main(argv=None):
    given = arguments(argv)
    try:
        vault = open_vault(given)
        show(given, vault)
        sys.stdout.flush()
    except (Refused, OSError) as why:
        print(f"vaultread: {why}", file=sys.stderr)
        return 1
    for line in vault.notes + faults(vault):
        print(f"vaultread: {line}", file=sys.stderr)
    return 1 if faults(vault) else 0


if __name__ == "__main__":
    sys.exit(main())
