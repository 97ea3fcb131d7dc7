#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the other users of a machine, and hostile programs of the same user, can do to a daemon through its socket, its
folders and its process: nothing, or slow it a little while they try."""

import array
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import stat
import statistics
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import near  # noqa: F401
from harness import Skip, main, test
from programs import Program
from rpc import Refused
from users import OWNER, STRANGER, become, owned_laptop, run_as
from waiting import Stopwatch, wait_until


def memory(device, what):
    """VmRSS or VmHWM (the most it ever was) in MiB."""
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith(f"{what}:"))


def median_of_gets(device, count=60):
    """Milliseconds of a connection, a get and its answer."""
    times = []
    for _ in range(count):
        watch = Stopwatch()
        with device.rpc() as rpc:
            assert rpc.get("note") == b"value"
        times.append(watch.seconds * 1000)
    return statistics.median(times)


def laptop(world, program="vaultd_test", **env):
    world.start_server()
    device = world.device("laptop", program, start=False).start(**env)
    device.create()
    device.put("note", b"value")
    return device


# -- Another user of the machine


def open_to_all(device):
    """The owner's mistake: every door on the way to the socket stands open."""
    for path in (device.world.folder, device.runtime.parent, device.runtime, device.socket.parent, device.socket):
        path.chmod(0o777)


def ask_status(device):
    """What a daemon says to a request, however it was reached; or the error of the system."""
    try:
        with device.rpc() as rpc:
            rpc.write(b'{"jsonrpc":"2.0","id":1,"method":"vault.status"}')
            return rpc.receive()
    except OSError as error:
        return errno.errorcode[error.errno]


@test(proves="L01")
def another_user_cannot_connect_and_is_refused_where_the_modes_let_him(world):
    device = owned_laptop(world)
    assert run_as(STRANGER, lambda: ask_status(device)) == "EACCES"
    open_to_all(device)
    for uid in (STRANGER, 0):
        answer = run_as(uid, lambda: ask_status(device))
        assert answer == "EPIPE" or answer["error"]["data"]["kind"] == "E_DENIED" and answer["id"] is None, answer
    assert "result" in run_as(OWNER, lambda: ask_status(device))
    device.fails(13, "status")  # vaultctl does not like such a folder


@test(proves="L01")
def a_connection_that_another_user_made_is_refused_whoever_holds_it_then(world):
    device = owned_laptop(world)
    open_to_all(device)
    here, there = socket.socketpair()

    def connect_and_hand_over():
        with socket.socket(socket.AF_UNIX) as mine:
            mine.connect(str(device.socket))
            there.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [mine.fileno()]))])
        return True

    run_as(STRANGER, connect_and_hand_over)
    _, [(_, _, data)], _, _ = here.recvmsg(1, socket.CMSG_SPACE(4))
    passed = socket.socket(fileno=array.array("i", data)[0])

    def ask():
        try:
            passed.sendall(b'{"jsonrpc":"2.0","id":1,"method":"vault.status"}\n')
        except OSError:
            pass
        return json.loads(passed.makefile().readline())

    assert run_as(OWNER, ask)["error"]["data"]["kind"] == "E_DENIED"
    for end in (here, there, passed):
        end.close()


STARTS = 100


def try_until_told(path, stop):
    """Every way in which a connection ended, from before the socket is there."""
    seen = Counter()
    stop.send(b"!")  # it has been forked: whatever is started from now on leaves it no descriptor
    stop.setblocking(False)
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(path))
                seen["connected"] += 1
            except OSError as error:
                seen[errno.errorcode[error.errno]] += 1
        try:
            return seen if stop.recv(1) is not None else None
        except BlockingIOError:
            pass


@test(proves="L02")
def no_moment_of_a_start_with_umask_zero_lets_another_user_in(world):
    device = owned_laptop(world, create=False)
    folder = world.folder / "open"  # others may look into it, so that the socket's own mode is what keeps them out
    folder.mkdir()
    os.chown(folder, OWNER, OWNER)
    folder.chmod(0o755)
    path = folder / "s"
    here, there = socket.socketpair()
    seen = []
    watch = lambda: seen.append(run_as(STRANGER, lambda: try_until_told(path, there)))
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    here.recv(1)
    try:
        for _ in range(STARTS):
            device.spawn([device.program, "--socket", path], device.env, umask=0)
            wait_until(lambda: listens(device, path), "the socket listens")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            device.stop()
    finally:
        here.send(b"x")
        watcher.join()
        here.close()
        there.close()
    print(f"{STARTS} starts, tried meanwhile: {seen[0]}")
    assert seen[0].keys() <= {"ENOENT", "EACCES"} and seen[0].get("EACCES", 0) > STARTS / 2, seen[0]


def listens(device, path):
    assert device.running, device.stderr()
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def plant_socket(path, victim):
    with socket.socket(socket.AF_UNIX) as planted:
        planted.bind(str(path))


PLANTS = {
    "a socket": plant_socket,
    "a link to a file": lambda path, victim: path.symlink_to(victim),
    "a link to nothing": lambda path, victim: path.symlink_to(victim.parent / "nothing"),
    "a FIFO": lambda path, victim: os.mkfifo(path),
    "a file": lambda path, victim: path.write_bytes(b"planted"),
    "a folder": lambda path, victim: path.mkdir(),
}


def looks(path):
    """All that one can see of a path and, if it is a link, of what it names."""
    is_ = path.lstat()
    target = os.readlink(path) if path.is_symlink() else None
    text = path.read_bytes() if stat.S_ISREG(is_.st_mode) else None
    return is_.st_mode, is_.st_uid, is_.st_ino, is_.st_mtime_ns, target, text


def refuses_to_start(device, codes=(13,)):
    done = subprocess.run(["setpriv", *device.setpriv, "--", str(device.program)], env=device.env, timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode in codes and done.stderr.strip(), (done.returncode, done.stderr)


def plant(path, kind, uid, victim):
    PLANTS[kind](path, victim)
    os.lchown(path, uid, uid)


def take_away(path):
    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


@test
def what_is_planted_where_the_socket_belongs_is_refused_and_left_as_it_is(world):
    device = owned_laptop(world, create=False)
    victim = world.folder / "victim"
    victim.write_bytes(b"precious")
    os.chown(victim, OWNER, OWNER)
    device.socket.parent.mkdir(mode=0o700)
    os.chown(device.socket.parent, OWNER, OWNER)
    for kind in PLANTS:
        for uid in (STRANGER, OWNER):
            if (kind, uid) == ("a socket", OWNER):
                continue  # his own old one: a kill leaves it, and the next start takes it away
            plant(device.socket, kind, uid, victim)
            before = looks(device.socket), looks(victim)
            refuses_to_start(device)
            assert device.fails((4, 9, 13), "unlock", password=world.password), kind
            assert (looks(device.socket), looks(victim)) == before, kind
            take_away(device.socket)


@test
def what_is_planted_in_place_of_a_folder_is_refused_and_left_as_it_is(world):
    device = owned_laptop(world, create=False)
    victim = world.folder / "victim"
    victim.mkdir()
    os.chown(victim, OWNER, OWNER)
    device.vault_folder.parent.mkdir(parents=True)
    for path in (device.state, device.vault_folder.parent):
        os.chown(path, OWNER, OWNER)
        path.chmod(0o700)
    places = {device.socket.parent: ["a link to a file", "a FIFO", "a file", "a folder"],
              device.vault_folder: ["a link to a file", "a FIFO", "a file", "a folder", "a socket"]}
    for place, kinds in places.items():
        for kind in kinds:
            plant(place, kind, STRANGER, victim)
            before = looks(place), looks(victim), list(victim.iterdir())
            if place == device.vault_folder:
                device.spawn([device.program], device.env)  # it opens what there is of a vault at once
                wait_until(lambda: not device.running or device.ctl("status").code == 0, "it starts or refuses")
                if device.running:
                    world.server or world.start_server()
                    device.fails(13, *device.enrolment("create"), password=world.password)
                    device.stop()
                device.process = None
            else:
                refuses_to_start(device)
                assert device.fails((4, 9, 13), "unlock", password=world.password)
            assert (looks(place), looks(victim), list(victim.iterdir())) == before, (place, kind)
            take_away(place)


@test
def a_path_that_is_too_long_for_a_socket_is_refused_by_both_sides(world):
    device = owned_laptop(world, create=False)
    device.env["VAULTD_SOCKET"] = f"{device.runtime}/{'x' * 100}"
    refuses_to_start(device, codes=(2,))
    assert "107" in device.fails(2, "unlock", password=world.password)
    assert list(device.runtime.iterdir()) == []


class FakeDaemon:
    """A socket of another user, who notes every byte that he is sent."""

    def __init__(self, path):
        self.path, self.heard = path, path.with_suffix(".heard")
        code = ("import socket,sys,os\nos.umask(0)\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\n"
                "print(flush=True)\nwhile True:\n c,_=s.accept()\n c.settimeout(5)\n"
                " try: print(len(c.recv(65536)),flush=True)\n except TimeoutError: print('none',flush=True)\n")
        words = ["setpriv", "--pdeathsig", "KILL", *become(STRANGER), "--", "/usr/bin/python3", "-c", code, str(path)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def next(self):
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@test(proves="L03")
def no_password_goes_to_a_socket_behind_which_another_user_listens(world):
    device = owned_laptop(world, create=False)
    folder = world.folder / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    device.socket = folder / "s"
    device.env["VAULTD_SOCKET"] = str(device.socket)
    fake = FakeDaemon(device.socket)
    try:
        device.fails(9, "unlock", password=world.password)
        os.chown(device.socket, OWNER, OWNER)  # as if the file were the owner's: the peer is what counts
        device.fails(9, "unlock", password=world.password)
        assert fake.next() == "0", "it was connected to, and told nothing"
    finally:
        fake.close()


# -- Too much, and nonsense


def grown(device, before):
    return memory(device, "VmHWM") - before


@test
def a_gigabyte_without_a_newline_is_cut_off_and_takes_no_memory(world):
    device = laptop(world)
    before, block, sent = memory(device, "VmHWM"), b"x" * (1 << 20), 0
    with device.rpc() as rpc:
        try:
            while sent < 1 << 30:
                rpc.socket.sendall(block)
                sent += len(block)
        except OSError:
            pass
        assert sent < 16 << 20, f"{sent} bytes were taken"
    with device.rpc() as rpc:
        assert rpc.get("note") == b"value"
    assert grown(device, before) < 16, f"{grown(device, before)} MiB"


@test
def sixty_four_frames_as_large_as_allowed_have_their_bound(world):
    device = laptop(world)
    before = memory(device, "VmHWM")
    clients = [device.rpc() for _ in range(63)]
    for client in clients:
        client.socket.sendall(b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * ((1 << 20) - 100))
    assert device.get("note") == b"value"
    for client in clients:
        try:
            client.socket.sendall(b"x" * (63 << 20))
        except OSError:
            pass
        client.socket.close()
    print(f"64 large frames: {grown(device, before)} MiB")
    assert grown(device, before) < 64 * 3
    assert device.get("note") == b"value"


BROKEN = [
    b" ", b"{", b"}", b"[", b"]", b"{]", b"[}", b'"', b"nul", b"nulll", b"tru", b"NaN", b"[NaN]", b"Infinity",
    b"-", b"+1", b"01", b"1.", b".5", b"1e", b"0x10", b"1e400", b"[1,]", b'{"a":1,}', b'{"a"}', b"{1:1}", b'{"a":1 "b":2}',
    b"[1 2]", b"// x", b"/* x */ {}", b"'a'", b'"\\x"', b'"\\u12"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\x00"', b'"\x1f"',
    b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b"\xef\xbb\xbf{}", b"{}{}", b"{} x", b"1", b'"a"',
    b"null", b"true", b"{}", b"[]", b"[[]]", b"[1]", b'{"jsonrpc":"1.0","id":1,"method":"vault.status"}',
    b'{"jsonrpc":"2.0","id":{},"method":"vault.status"}', b'{"jsonrpc":"2.0","id":1,"method":7}',
    b'{"jsonrpc":"2.0","id":1,"method":"vault.status","params":7}', b'{"jsonrpc":"2.0","id":1,"id":2,"method":"vault.status"}',
    b'{"jsonrpc":"2.0","id":1,"method":"item.get","params":{"name":"note","version":1e309}}',
    b'{"jsonrpc":"2.0","id":1,"method":"item.list","params":{"limit":99999999999999999999}}',
    b'{"jsonrpc":"2.0","id":1,"method":"item.list","params":{"limit":-1}}',
    b"[" + b",".join([b'{"jsonrpc":"2.0","id":1,"method":"vault.status"}'] * 101) + b"]",
    b"[" + b",".join([b"1"] * 100_000) + b"]",
]

DEEP = {
    "an array": (b"[" * 1_000_000, b""),
    "an object": (b'{"a":' * 200_000, b""),
    "params": (b'{"jsonrpc":"2.0","id":1,"method":"vault.status","params":' + b"[" * 500_000 + b"]" * 500_000, b"}"),
    "the id": (b'{"jsonrpc":"2.0","method":"vault.status","id":' + b"[" * 500_000 + b"]" * 500_000, b"}"),
    "a batch": (b"[" * 500_000 + b'{"jsonrpc":"2.0","id":1,"method":"vault.status"}' + b"]" * 500_000, b""),
}


def is_refused(answer):
    answers = answer if isinstance(answer, list) else [answer]
    return all("error" in one for one in answers)


@test
def no_malformed_or_deep_text_gets_anything_but_an_error(world):
    device = laptop(world)
    before = device.status()["device"]
    with device.rpc() as rpc:
        for line in BROKEN:
            assert is_refused(rpc.raw(line)), line[:100]
        assert rpc.get("note") == b"value", "on the same connection"
    for what, (begin, end) in DEEP.items():
        with device.rpc() as rpc:
            answer = rpc.raw(begin + end)
            assert is_refused(answer), (what, answer)
    with device.rpc() as rpc:
        assert rpc.get("note") == b"value"
    assert device.status()["device"] == before


# -- Many, slow, and deaf


def honest_while(device, attack, what):
    """The median of an honest client is not hurt by it, and it is never refused."""
    before = median_of_gets(device)
    stop = threading.Event()
    attacker = threading.Thread(target=attack, args=(stop,), daemon=True)
    attacker.start()
    try:
        during = median_of_gets(device, 200)
    finally:
        stop.set()
        attacker.join()
    print(f"a get took {before:.2f} ms before, {during:.2f} ms while {what}")
    assert during < 2 * before + 20, (before, during)


def connections(device, count):
    """As many as the daemon lets be, half a request on each."""
    held = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(device.socket))
            client.send(b"{")
        except OSError:
            pass
        held.append(client)
    return held


@test(proves="L05")
def a_thousand_half_open_connections_that_trickle_keep_nobody_out(world):
    device = laptop(world)

    def attack(stop):
        held = connections(device, 1000)
        while not stop.is_set():
            for client in held:
                try:
                    client.send(b" ")
                except OSError:
                    pass
        for client in held:
            client.close()

    honest_while(device, attack, "a thousand trickle")


@test(proves="L05")
def ten_thousand_connections_one_after_the_other_keep_nobody_out(world):
    device = laptop(world)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 11_000:
        raise Skip(f"a process may have {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (11_000, hard))

    def attack(stop):
        held = connections(device, 10_000)
        stop.wait(30)
        for client in held:
            client.close()

    try:
        honest_while(device, attack, "ten thousand come")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: len(os.listdir(f"/proc/{device.process.pid}/fd")) < 100, "the daemon let all of them go")


@test(proves="B06")
def a_client_that_never_reads_its_answers_takes_bounded_memory(world):
    device = laptop(world)
    device.put("large", b"x" * 60_000)
    before = memory(device, "VmHWM")
    deaf = [device.rpc() for _ in range(8)]
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "item.get", "params": {"name": "large"}}).encode() + b"\n"
    for client in deaf:
        client.socket.settimeout(0.5)
        try:
            client.socket.sendall(line * 12_500)  # a hundred thousand of all
        except TimeoutError:
            pass
    assert device.get("note") == b"value"
    print(f"eight that never read: {grown(device, before)} MiB")
    assert grown(device, before) < 8 * 20
    for client in deaf:
        client.socket.close()


# -- The process


PTRACE_SEIZE = 0x4206


def attacks_on(pid):
    """What a program of the same user gets when it reaches into the process."""
    libc, out = ctypes.CDLL(None, use_errno=True), {}
    for name in ("mem", "environ", "maps", "auxv", "fd"):
        try:
            os.listdir(f"/proc/{pid}/fd") if name == "fd" else os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
            out[name] = "open"
        except OSError as error:
            out[name] = errno.errorcode[error.errno]
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
    out["readv"] = "read" if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) >= 0 else code()
    out["ptrace"] = "attached" if libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0 else code()
    return out


def code():
    return errno.errorcode[ctypes.get_errno()]


@test(proves="L04")
def a_program_of_the_same_user_cannot_look_into_the_process(world):
    device = owned_laptop(world)
    other = Program(world.folder, "other")  # what is not hardened, to see that the attacks are real
    other.setpriv = become(OWNER)
    other.spawn(["sleep", "60"], world.bare_env)
    wait_until(lambda: os.readlink(f"/proc/{other.process.pid}/exe").endswith("sleep"), "it sleeps")
    assert run_as(OWNER, lambda: attacks_on(other.process.pid))["environ"] == "open"
    other.kill()
    got = run_as(OWNER, lambda: attacks_on(device.process.pid))
    assert set(got.values()) <= {"EACCES", "EPERM"}, got


def has_ended(pid, statuses):
    found, status = os.waitpid(pid, os.WNOHANG)
    if found:
        statuses.append(status)
    return found


@test(proves="L04")
def a_crash_leaves_no_core(world):
    world.start_server()
    for number in (signal.SIGSEGV, signal.SIGABRT):
        device = world.device(f"laptop{number}", start=False)
        folder = world.folder / f"cores{number}"
        folder.mkdir()
        shell = ["sh", "-c", f"ulimit -c unlimited; cd {folder}; exec {device.program}"]
        device.spawn(shell, device.env)
        wait_until(device._answers, "it answers")
        os.kill(device.process.pid, number)
        ended = []
        wait_until(lambda: ended or has_ended(device.process.pid, ended), "the signal ends it")
        status, device.process = ended[0], None
        assert os.WTERMSIG(status) == number and not os.WCOREDUMP(status)
        assert list(folder.iterdir()) == []


@test
def a_hostile_environment_changes_nothing(world):
    world.start_server()
    hostile = {
        "BOTAN_MLOCK_POOL_SIZE": "0",
        "BOTAN_CLEAR_CPUID": "aes,pclmulqdq,sse2,avx2",
        "MALLOC_PERTURB_": "165",
        "MALLOC_ARENA_MAX": "1",
        "GLIBC_TUNABLES": "glibc.malloc.check=3",
        "TMPDIR": "/nonexistent",
        "HOME": "relative",
        "XDG_CONFIG_HOME": "../relative",
        "http_proxy": "http://127.0.0.1:1",
        "OPENSSL_CONF": "/nonexistent",
        "LC_ALL": "xx_YY",
    }
    device = world.device("laptop", "vaultd", start=False).start(**hostile)
    device.create()
    device.put("note", b"value")
    device.stop()
    device.start(**hostile)
    device.unlock()
    assert device.get("note") == b"value"


@test
def folders_that_the_environment_names_relative_are_not_taken(world):
    device = world.device("laptop", start=False)
    device.env["XDG_STATE_HOME"] = "relative"
    device.start()
    world.start_server()
    device.create()
    assert (world.folder / "laptop/.local/state/vaultd/default/data.mdb").exists()


# -- Guessing

GUESSERS, EACH = 50, 200


def guesses(guesser):
    for number in range(EACH):
        params = {"password": f"guess {guesser} {number}"}
        yield json.dumps({"jsonrpc": "2.0", "id": number, "method": "vault.unlock", "params": params}) + "\n"


@test(proves="L06")
def of_ten_thousand_guesses_at_once_one_is_tried_at_a_time_and_gets_go_on(world):
    device = laptop(world, "vaultd")
    before = median_of_gets(device)
    clients = [device.rpc() for _ in range(GUESSERS)]
    for guesser, client in enumerate(clients):
        client.socket.sendall("".join(guesses(guesser)).encode())
    during = median_of_gets(device)
    answers = [client.receive()["error"] for client in clients for _ in range(EACH)]
    for client in clients:
        client.socket.close()
    kinds = Counter(answer["data"]["kind"] for answer in answers)
    print(f"{dict(kinds)}; a get took {before:.1f} ms before, {during:.1f} ms meanwhile")
    assert set(kinds) == {"E_AUTH", "E_BUSY"} and sum(kinds.values()) == GUESSERS * EACH, kinds
    assert kinds["E_AUTH"] < GUESSERS, "a program has one try at a time, over however many connections"
    assert during < 2 * before + 50
    assert memory(device, "VmHWM") < 256 + 200, "one derivation at a time"
    device.unlock()


@test(proves="L06")
def the_right_password_is_let_in_while_other_programs_guess(world):
    """Each of their guesses comes from a process of its own, which has not been wrong before."""
    device = laptop(world)
    device.ok("lock")
    over, wrong = threading.Event(), Counter()

    def guess():
        while not over.is_set():
            wrong[device.ctl("unlock", password="wrong").code] += 1

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(guess)
        wait_until(lambda: wrong[6] > 16, "the guessing goes on", 60)
        for _ in range(20):
            device.unlock()
            device.ok("lock")
        over.set()
    print(f"wrong ones: {dict(wrong)}")
    assert set(wrong) <= {6, 12, 5} and wrong[6] > 20, wrong


@test(proves="L06")
def a_program_that_was_wrong_is_let_in_with_the_right_password_all_the_same(world):
    device = laptop(world)
    device.ok("lock")
    with device.rpc() as rpc:
        for _ in range(12):
            assert refusal_of(rpc, "vault.unlock", password="a person mistypes") == "E_AUTH"
        rpc.call("vault.unlock", password=world.password)
    device.kill()
    device.start()
    for _ in range(12):
        device.fails(6, "unlock", password="a person mistypes")
    device.unlock()


def refusal_of(rpc, method, **params):
    try:
        rpc.call(method, **params)
    except Refused as refused:
        return refused.kind


def idle_put(rpc, name):
    """A large value that does not come; the end of its pipe."""
    read, write = os.pipe()
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "blob.put", "params": {"name": name}}).encode() + b"\n"
    socket.send_fds(rpc.socket, [request], [read])
    os.close(read)
    return write


HOLD = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.connect(sys.argv[1])
    read, write = os.pipe()
    request = {"jsonrpc": "2.0", "id": 1, "method": "blob.put", "params": {"name": sys.argv[2]}}
    socket.send_fds(daemon, [json.dumps(request).encode() + b"\\n"], [read])
    print("asked", flush=True)
    daemon.recv(1000)
    daemon.recv(1000)
"""


@test(proves="L07")
def idle_pipes_keep_no_large_value_out(world):
    """Of a program that takes all places, and of as many programs as there are places."""
    device, film = laptop(world, VAULT_AMOUNT="transfers.idle-seconds=1"), bytes(3_000_000)
    clients = [device.rpc() for _ in range(8)]
    pipes = [idle_put(client, f"idle/{number}") for number, client in enumerate(clients)]
    device.put("film", film)
    assert device.get("film") == film
    for end in (*pipes, *(client.socket for client in clients)):
        os.close(end) if isinstance(end, int) else end.close()
    holders = [Program(world.folder, f"holder{number}") for number in range(8)]
    for number, holder in enumerate(holders):
        holder.spawn([sys.executable, "-c", HOLD, device.socket, f"held/{number}"], world.bare_env)
    for holder in holders:
        wait_until(lambda: b"asked" in holder.stdout(), "it has asked for a place")
    wait_until(lambda: device.ctl("put", "another", input=film).code == 0, "an idle one gives way")
    for holder in holders:
        holder.kill()


@test
def what_cannot_be_a_password_is_no_guess(world):
    device = laptop(world)
    for _ in range(8):
        device.fails(2, "unlock", password="")
    device.unlock()


if __name__ == "__main__":
    main()
