#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes into vaultctl is what somebody meant, and what comes out goes where somebody said: empty pipes, passwords from
Windows, FIFOs, devices, links, files that are there, and lines of JSON on their way round."""

import json
import os
import pty
import stat
import subprocess

import near  # noqa: F401
from harness import READER, Skip, main, test
from waiting import wait_until

LARGE = b"\x00\xfffilm" * 20_000
VALUES = {
    "plain": b"text\n",
    "empty": b"",
    "größe/ключ 🔑": "äöü — €, 日本語 👍🏽\r\n".encode(),
    'quo"te\\s': b'{"a": "\\u00e9"}',
    "binary": bytes(range(256)),
    "kilobytes": b"x" * 65_536,
}


def laptop(world, program="vaultd"):
    world.start_server()
    device = world.device("laptop", program)
    device.create()
    return device


def running(device, *words, **more):
    return subprocess.Popen([device.vaultctl, "--no-input", *words], env=device.env, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)


# -- Input

@test
def an_empty_pipe_is_refused_unless_it_is_meant(world):
    device = laptop(world)
    device.put("note", b"precious")
    assert "--empty" in device.fails(2, "put", "note")
    assert "--empty" in device.fails(2, "put", "note", "--file", "/dev/null")
    assert device.get("note") == b"precious"
    device.ok("put", "note", "--empty")
    assert device.get("note") == b""
    (world.folder / "empty").touch()
    device.ok("put", "other", "--file", str(world.folder / "empty"))
    assert device.get("other") == b""


@test
def on_a_locked_vault_put_fails_before_it_reads(world):
    device = laptop(world)
    device.put("there", b"x")

    def ends(code, *words):
        child = running(device, *words, stdin=subprocess.PIPE)  # to which nobody writes, and which nobody closes
        wait_until(lambda: child.poll() is not None, f"{words} ends")
        assert child.returncode == code, child.stderr.read()
        child.stdin.close()

    ends(8, "put", "there", "--new")
    device.ok("lock")
    ends(5, "put", "note")
    ends(5, "put-many")


@test
def a_carriage_return_before_the_newline_is_no_part_of_a_password(world):
    world.start_server()
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create(password="pässwort\r\n")
    file = world.folder / "password"

    def unlocks(device, text, code=0):
        device.ok("lock")
        file.write_bytes(text)
        said = device.ctl("unlock", "--password-file", str(file))
        assert said.code == code, (text, said)

    for text in ("pässwort", "pässwort\n", "pässwort\r\n"):
        unlocks(laptop, text.encode())
    unlocks(laptop, "pässwort\r".encode(), code=6)
    laptop.ok("unlock", password="pässwort\r\n")
    phone.join(password="pässwort\r\n")
    laptop.ok("passwd", password="pässwort\r\nneues\r\n")
    unlocks(laptop, b"neues")
    laptop.ok("unlock", password="neues")
    laptop.put("note", b"x")
    folder = world.folder / "export"
    laptop.ok("export", "--sealed", str(folder))
    file.write_bytes(b"neues\r\n")
    assert read_export(folder, file, "--get", "note") == b"x"


def at_terminal(device, *words, typed):
    """What a person sees who types this, once the program asks for it; and its exit code."""
    leader, follower = pty.openpty()
    child = subprocess.Popen([device.vaultctl, *words], stdin=follower, stdout=follower, stderr=follower,
                             env=dict(device.env, TERM="dumb"), start_new_session=True)
    os.close(follower)
    shown = bytearray()

    def more():
        try:
            shown.extend(os.read(leader, 65536))
            return True
        except OSError:
            return False

    while b"Type the value" not in shown and more():
        pass
    if b"Type the value" in shown:
        os.write(leader, typed)
    while more():
        pass
    os.close(leader)
    return child.wait(30), bytes(shown)


@test
def a_person_types_a_value_and_nothing_typed_is_nothing_written(world):
    device = laptop(world)
    code, _ = at_terminal(device, "put", "note", typed="Grüße 🦊\n\x04".encode())
    assert code == 0 and device.get("note") == "Grüße 🦊\n".encode()
    code, shown = at_terminal(device, "put", "note", typed=b"\x04")
    assert code == 2 and b"--empty" in shown and device.get("note") == "Grüße 🦊\n".encode()
    device.ok("lock")
    code, shown = at_terminal(device, "put", "note", typed=b"")
    assert code == 5 and b"Type the value" not in shown


# -- Output

def read_through(fifo, device, *words):
    """What comes out of the FIFO until vaultctl has ended, which must end well."""
    out, got = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), bytearray()
    child = running(device, *words)

    def ended():
        over = child.poll() is not None
        try:
            while piece := os.read(out, 1 << 20):
                got.extend(piece)
        except BlockingIOError:
            pass
        return over

    wait_until(ended, f"{words} ends")
    os.close(out)
    assert child.returncode == 0, child.stderr.read()
    return bytes(got)


@test
def a_fifo_is_written_into(world):
    device = laptop(world)
    fifo = world.folder / "fifo"
    os.mkfifo(fifo)
    for value in (b"a secret", LARGE):
        device.put("note", value)
        assert read_through(fifo, device, "get", "note", "--output", str(fifo)) == value and fifo.is_fifo()
        assert read_through(fifo, device, "get", "note", "--output", str(fifo), "--force") == value and fifo.is_fifo()


@test
def a_device_is_written_into_and_a_full_one_is_an_error(world):
    device = laptop(world)
    device.put("note", b"a secret")
    device.put("film", LARGE)
    full = world.folder / "full"
    try:
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # never the machine's own
        open(full, "wb").close()
    except OSError as why:
        raise Skip(f"needs a device of its own: {why}") from None
    for name in ("note", "film"):
        for force in ([], ["--force"]):
            said = device.fails((13, 14), "get", name, "--output", str(full), *force)
            assert "full" in said and stat.S_ISCHR(full.stat().st_mode)


@test
def a_link_is_followed_and_stays(world):
    device = laptop(world)
    device.put("note", b"a secret")
    link, target = world.folder / "link", world.folder / "target"
    link.symlink_to("target")
    device.ok("get", "note", "--output", str(link))
    assert link.is_symlink() and target.read_bytes() == b"a secret" and target.stat().st_mode & 0o777 == 0o600
    device.put("note", b"another")
    device.fails(2, "get", "note", "--output", str(link))
    assert target.read_bytes() == b"a secret"
    device.ok("get", "note", "--output", str(link), "--force")
    assert link.is_symlink() and target.read_bytes() == b"another"
    fifo = world.folder / "fifo"
    os.mkfifo(fifo)
    link.unlink()
    link.symlink_to(fifo)
    assert read_through(fifo, device, "get", "note", "--output", str(link)) == b"another"
    assert link.is_symlink() and fifo.is_fifo()


@test
def a_strangers_link_in_a_folder_for_everybody_is_not_followed(world):
    if os.geteuid() != 0:
        raise Skip("needs root, to make a stranger's link")
    device = laptop(world)
    device.put("note", b"a secret")
    folder, target = world.folder / "everybody", world.folder / "target"
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "link").symlink_to(target)
    os.chown(folder / "link", 65534, 65534, follow_symlinks=False)
    device.fails(2, "get", "note", "--output", str(folder / "link"))
    assert not target.exists()
    os.chown(folder / "link", 0, 0, follow_symlinks=False)
    device.ok("get", "note", "--output", str(folder / "link"))
    assert target.read_bytes() == b"a secret"


@test
def a_file_that_is_there_is_replaced_on_demand_alone(world):
    device = laptop(world)
    device.put("note", b"a secret")
    for mode in (0o444, 0o400, 0o640):
        file = world.folder / f"file{mode}"
        file.write_bytes(b"what was there")
        file.chmod(mode)
        assert "--force" in device.fails(2, "get", "note", "--output", str(file))
        assert file.read_bytes() == b"what was there"
        device.ok("get", "note", "--output", str(file), "--force")
        assert file.read_bytes() == b"a secret" and file.stat().st_mode & 0o777 == mode
    device.fails(2, "get", "note", "--output", str(world.folder))
    assert not list(world.folder.glob(".vaultctl*"))


@test
def standard_output_has_several_names(world):
    device = laptop(world)
    for value in (b"a secret", LARGE):
        device.put("note", value)
        for name in ("-", "/dev/stdout", "/proc/self/fd/1"):
            assert device.ok("get", "note", "--output", name) == value, name


# -- Lines

def line(name, value="x", **more):
    return json.dumps({"name": name, "value": value, **more}).encode() + b"\n"


@test
def put_many_names_what_it_refuses_and_says_what_is_written(world):
    device = laptop(world)
    names = [f"n/{n}" for n in range(1500)]
    lines = [line(name) for name in names]
    lines[1200] = line(names[1200], attributes={"k": "a\nb"})
    said = device.fails(2, "put-many", input=b"\n" + b"".join(lines))
    assert "line 1202, n/1200: " in said and "1000 items were written, those up to line 1001" in said
    assert device.names() == sorted(names[:1000])
    device.ok("rm", names[0])
    assert "line 1, a\\x0ab: " in device.fails(2, "put-many", input=line("a\nb"))
    said = device.fails(8, "put-many", "--check", input=line("fresh") + line(names[1], if_version="none"))
    assert f"line 2, {names[1]}: there is an item of this name already (nothing is written by a check)" in said
    assert device.ok("put-many", "--check", input=line("fresh") + line(names[1])) == b"2 items would be written\n"
    assert "fresh" not in device.names()


@test
def a_name_that_comes_twice_is_what_the_person_decides(world):
    device = laptop(world)
    device.put("bank (2)", b"there before")
    twice = line("bank", "1") + line("mail") + line("bank", "2")
    assert "line 3, bank: the name came in line 1 already" in device.fails(2, "put-many", input=twice)
    assert device.names() == ["bank (2)"]
    assert b"line 3, bank: written as bank (3)" in device.ok("put-many", "--on-duplicate", "rename", input=twice)
    assert [device.get(name) for name in ("bank", "bank (2)", "bank (3)")] == [b"1", b"there before", b"2"]
    device.ok("put-many", "--on-duplicate", "last", input=line("shop", "1") + line("shop", "2"))
    assert device.get("shop") == b"2" and len(device.ok("history", "shop").splitlines()) == 2


def filled(world):
    device = laptop(world, "vaultd_test")
    for n, (name, value) in enumerate(VALUES.items()):
        words = ["--type", "text/x-note", "--attr", "wer=Jörg 🦊", "--attr", 'quo"te=\\', "--attr", "empty="] if n % 2 else []
        device.ok("put", "--empty", *words, "--", name, input=value)
    return device


def another(world):
    device = world.device("other")
    device.ok("create", "--server", world.url, "--account", "berta", "--device-name", "other", password="hers")
    return device


def equal(device, other):
    for name in VALUES:
        a, b = (json.loads(d.ok("get", "--json", "--", name)) for d in (device, other))
        for member in ("name", "value", "value_base64", "content_type", "attributes"):
            assert a.get(member) == b.get(member), (name, member)


@test
def get_json_goes_round_through_put_many(world):
    device, other = filled(world), another(world)
    lines = b"".join(device.ok("get", "--json", "--", name) for name in VALUES)
    other.ok("put-many", input=line(next(iter(VALUES)), "was there", attributes={"old": "x"}, content_type="old/type"))
    other.ok("put-many", input=lines)
    assert other.values() == VALUES
    equal(device, other)
    device.put("film", LARGE)
    said = other.fails(2, "put-many", input=lines + device.ok("get", "--json", "film"))
    assert f"line {len(VALUES) + 1}, film: " in said and "large" in said and "nothing was written" in said


def read_export(folder, password, *words):
    argv = ["/usr/bin/python3", READER, folder, "--password-file", password, "--allow-test-suite", *words]
    done = subprocess.run(argv, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@test
def the_readers_json_goes_round_through_put_many(world):
    device, other = filled(world), another(world)
    folder, password = world.folder / "export", world.folder / "password"
    password.write_text(world.password)
    device.ok("export", "--sealed", str(folder))
    other.ok("put-many", input=read_export(folder, password, "--json"))
    assert other.values() == VALUES
    equal(device, other)


if __name__ == "__main__":
    main()
