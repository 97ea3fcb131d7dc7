#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a script may rely on in vaultctl: options, exit codes, exact bytes, and a status object that always has all of
its members."""

import json
import re
import subprocess

import near  # noqa: F401
from harness import main, test
from proxy import Cut

CODES = {0: "", 2: "usage", 3: "cancel", 4: "daemon", 5: "locked", 6: "", 7: "not found", 8: "conflict", 9: "denied",
         10: "offline", 11: "integrity", 12: "busy", 13: "storage", 14: "limit", 1: "other"}

STATUS = {
    "daemon": {"version", "pid"},
    "vault": {"state", "account", "server", "id", "keyring_version", "generation", "lock_at", "change", "recovery",
              "recovery_confirmed", "last_change"},
    "device": {"id", "name", "epoch", "seq", "counter", "refused"},
    "sync": {"state", "pending", "pending_bytes", "last_success", "error"},
    "trust": {"state", "reason", "code"},
    "identity": {"state", "reason", "former", "proofs", "lost"},
    "disk": {"folder", "salvaged", "file", "lost", "lost_seqs"},
    "items": None, "conflicts": None, "devices": None,
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def whole(status):
    """The object, having looked whether it is all there and nothing more."""
    assert set(status) == set(STATUS), set(status) ^ set(STATUS)
    for part, members in STATUS.items():
        assert members is None or set(status[part]) == members, set(status[part]) ^ members
    for device in status["devices"] or []:
        assert set(device) == {"id", "name", "status", "seq", "last_seen", "last_confirmed"}, device
    return status


@test
def status_has_every_member_in_every_state(world):
    world.start_server()
    laptop, phone = world.device("laptop", "vaultd"), world.device("phone", "vaultd")
    absent = whole(laptop.status())
    assert absent["vault"] == {"state": "absent", **{m: None for m in STATUS["vault"] - {"state"}}}
    assert absent["items"] is None and absent["devices"] is None and absent["device"]["id"] is None
    laptop.create()
    phone.join()
    laptop.put("note", b"x")
    laptop.sync()
    unlocked = whole(laptop.status())
    assert TIME.match(unlocked["vault"]["lock_at"])
    assert unlocked["vault"]["state"] == "unlocked" and unlocked["vault"]["account"] == "anna"
    assert unlocked["vault"]["server"] == world.url and unlocked["vault"]["keyring_version"] == 2
    assert unlocked["items"] == 1 and unlocked["conflicts"] == 0 and unlocked["sync"]["pending"] == 0
    assert unlocked["device"]["name"] == "laptop" and TIME.match(unlocked["sync"]["last_success"])
    assert {d["name"] for d in unlocked["devices"]} == {"laptop", "phone"}
    laptop.ok("lock")
    locked = whole(laptop.status())
    assert locked["vault"] == dict(unlocked["vault"], state="locked", lock_at=None)
    assert locked["items"] is None and locked["conflicts"] is None and locked["device"]["name"] is None
    assert {d["name"] for d in locked["devices"]} == {None} and len(locked["devices"]) == 2
    world.server.stop()
    laptop.fails(10, "sync")
    offline = whole(laptop.status())
    assert offline["sync"]["state"] == "offline" and offline["sync"]["error"]
    laptop.unlock()
    assert whole(laptop.status())["items"] == 1


@test
def a_person_is_told_the_status_too(world):
    world.start_server()
    laptop = world.device("laptop")
    assert laptop.ok("status").strip()
    laptop.create()
    told = laptop.ok("status").decode()
    assert "anna" in told and world.url in told
    laptop.ok("lock")
    assert "locked" in laptop.ok("status").decode()


@test
def exit_codes_are_listed_and_kept(world):
    laptop = world.device("laptop", start=False)
    listed = laptop.ok("help", "exit-codes").decode().lower()
    for code, word in CODES.items():
        assert re.search(rf"^\s*{code}\b.*{word}", listed, re.M), f"{code} {word}: {listed}"


@test
def without_a_daemon_every_command_exits_4_and_none_starts_one(world):
    laptop = world.device("laptop", start=False)
    for words in (["status"], ["ls"], ["get", "x"], ["lock"], ["sync"], ["conflicts"], ["history", "x"]):
        assert "vaultd" in laptop.fails(4, *words)
    assert not laptop.socket.exists()


@test
def without_a_vault_commands_say_how_to_get_one(world):
    laptop = world.device("laptop")
    for words in (["ls"], ["get", "x"], ["put", "x"], ["sync"]):
        assert "create" in laptop.fails(2, *words)
    laptop.fails(2, "unlock", password="whatever")


@test
def every_command_accepts_the_password_options(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    for words in (["status"], ["ls"], ["sync"], ["put", "x", "--empty"], ["get", "x"], ["rm", "x"], ["device", "ls"], ["lock"]):
        laptop.ok(*words, password="not needed")


@test
def enrolment_leaves_the_vault_unlocked_and_names_may_be_equal_or_left_out(world):
    world.start_server()
    words = ["--server", world.url, "--account", "anna"]
    for number, (verb, name) in enumerate([("create", "same"), ("join", "same"), ("join", None)]):
        device = world.device(f"device{number}")
        device.ok(verb, *words, *(["--device-name", name] if name else []), password=world.password)
        status = device.status()
        assert status["vault"]["state"] == "unlocked"
        assert status["device"]["name"] == (name or status["device"]["name"]) and status["device"]["name"]
    assert len({d["id"] for d in status["devices"]}) == 3


@test
def an_account_or_a_vault_that_exists_is_not_made_again(world):
    world.start_server()
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create()
    assert "exists" in phone.fails(8, *phone.enrolment("create"), password="another password")
    assert phone.status()["vault"]["state"] == "absent"
    laptop.fails(8, *laptop.enrolment("create"), password=world.password)
    laptop.fails(8, *laptop.enrolment("join"), password=world.password)


@test
def a_url_that_is_none_is_refused_before_anything_is_sent(world):
    laptop = world.device("laptop")
    for url in ("http://10.0.0.1:80", "http://example.org", "http://127.0.0.1.example.org", "http://[2001:db8::1]:80"):
        assert "https" in laptop.fails(2, *laptop.enrolment("create", url), password="pw")
    others = ("", "ftp://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1:1/path", "http://u:p@127.0.0.1", "https://a b")
    for url in others:
        laptop.fails(2, *laptop.enrolment("join", url), password="pw")


@test
def localhost_is_loopback(world):
    world.start_server()
    laptop = world.device("laptop")
    url = f"http://localhost:{world.server.port}"
    laptop.ok(*laptop.enrolment("create", url), password=world.password)
    laptop.put("note", b"x")
    laptop.sync()


@test
def an_account_name_that_is_none_is_refused(world):
    world.start_server()
    laptop = world.device("laptop")
    for account in ("", "Anna", "an na", "änna", "a" * 129, "a/b"):
        laptop.fails(2, "create", "--server", world.url, "--account", account, password="pw")
    laptop.ok("create", "--server", world.url, "--account", "a.n_n@a-" + "9" * 120, password="pw")


@test
def get_gives_the_exact_bytes_and_ls_full_names(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    name = "x" * 300 + "/\u00e9 and \u202e more"
    laptop.put(name, b"no newline added\x00\xff")
    assert laptop.get(name) == b"no newline added\x00\xff"
    assert laptop.ok("ls") == name.encode() + b"\n"
    file = world.folder / "file"
    file.write_bytes(b"from a file\n")
    laptop.ok("put", "copied", "--file", str(file))
    assert laptop.get("copied") == b"from a file\n"
    assert "x" * 20 in laptop.ok("ls", "-l").decode()


@test
def json_output_is_json_and_so_are_its_errors(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("note", b"x")
    for words in (["ls"], ["get", "note"], ["history", "note"], ["conflicts"], ["device", "ls"], ["status"]):
        json.loads(laptop.ok("--json", *words))
        assert json.loads(laptop.ok(*words, "--json")) is not None
    error = json.loads(laptop.fails(7, "--json", "get", "no such"))
    assert "E_NOT_FOUND" in json.dumps(error)


@test
def sync_gives_up_when_told_to(world):
    world.start_server(proxied=True)
    laptop = world.device("laptop")
    laptop.create()
    silent = []

    def never_answers(exchange):
        silent.append(exchange)
        world.proxy.silence.wait()
        raise Cut()

    world.proxy.rule = never_answers
    laptop.put("note", b"x")
    laptop.fails(12, "sync", "--timeout", "1", timeout=10)
    world.proxy.rule = None
    world.proxy.silence.set()
    laptop.sync()


@test
def a_closed_pipe_and_a_full_one_harm_nobody(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("large", b"x" * 65536)
    def shell(command):
        return subprocess.run(["bash", "-c", f"{laptop.vaultctl} {command}"], env=laptop.env, capture_output=True)

    assert shell("get large | head -c 1").stdout == b"x"
    full = shell("get large >/dev/full")
    assert full.returncode not in (0, -6, -11, 134, 139) and full.stderr
    assert laptop.get("large") == b"x" * 65536


@test
def it_says_what_version_it_is(world):
    laptop = world.device("laptop")
    version = laptop.status()["daemon"]["version"]
    assert version and version in laptop.ok("--version").decode()


if __name__ == "__main__":
    main()
