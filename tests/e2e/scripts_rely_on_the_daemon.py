#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a script or a service manager may rely on in vaultd: how it starts, what it needs, where it keeps things, how it
stops."""

import os
import shutil
import socket
import stat
import subprocess
import threading

import near  # noqa: F401
from harness import Skip, main, test
from waiting import Stopwatch, wait_until


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def refuses_to_start(device, code, word, *options, **env):
    """vaultd with these options ends by itself, with this code and a sentence that has the word."""
    env = {name: value for name, value in {**device.env, **env}.items() if value is not None}
    argv = [device.program, *map(str, options)]
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    text = done.stderr.decode(errors="replace")
    assert done.returncode == code, f"exited {done.returncode}, not {code}: {text}"
    assert word in text, text
    assert done.stdout == b"", done.stdout


@test
def it_runs_with_next_to_no_environment(world):
    laptop = world.device("laptop", "vaultd")  # no locale, no terminal, no machine-id asked for, no systemd
    assert laptop.status()["vault"]["state"] == "absent"
    assert laptop.status()["daemon"]["pid"] == laptop.process.pid
    laptop.stop()
    assert not laptop.socket.exists(), "a clean stop removes the socket"
    laptop.fails(4, "status")


@test
def without_a_state_folder_named_it_uses_the_one_of_its_home(world):
    laptop = world.device("laptop", start=False)
    del laptop.env["XDG_STATE_HOME"]
    laptop.start()
    world.start_server()
    laptop.create()
    assert (world.folder / "laptop/.local/state/vaultd/default/data.mdb").exists()


@test
def without_a_runtime_folder_it_refuses_clearly_and_never_guesses(world):
    laptop = world.device("laptop", start=False)
    refuses_to_start(laptop, 2, "XDG_RUNTIME_DIR", XDG_RUNTIME_DIR=str(world.folder / "none"))
    if not os.path.exists(f"/run/user/{os.geteuid()}"):
        refuses_to_start(laptop, 2, "XDG_RUNTIME_DIR", XDG_RUNTIME_DIR=None)
    laptop.runtime.chmod(0o770)
    refuses_to_start(laptop, 13, "folder")


@test
def a_socket_may_be_named(world):
    laptop = world.device("laptop", start=False)
    folder = world.folder / "elsewhere"
    folder.mkdir(mode=0o700)
    laptop.env["XDG_RUNTIME_DIR"] = str(world.folder / "none")
    laptop.socket = folder / "s"
    laptop.env["VAULTD_SOCKET"] = str(laptop.socket)
    laptop.start()
    del laptop.env["VAULTD_SOCKET"]
    assert laptop.ctl("status").code != 0
    assert laptop.ctl("--socket", str(folder / "s"), "status").code == 0
    assert laptop.ctl("status", "--socket", str(folder / "s")).code == 0, "global options also after the command"


@test
def what_it_keeps_is_for_its_user_only_whatever_the_umask(world):
    world.start_server()
    laptop = world.device("laptop", start=False)
    laptop.start(umask=0)
    laptop.create()
    laptop.put("note", b"x")
    assert mode(laptop.socket) == 0o600 and mode(laptop.socket.parent) == 0o700
    assert mode(laptop.vault_folder) == 0o700
    kept = [path for path in laptop.state.rglob("*") if path.is_file()]
    assert kept and all(mode(path) & 0o077 == 0 for path in kept), [(str(p), oct(mode(p))) for p in kept]


@test
def state_and_data_folders_hold_no_sockets_or_pipes(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    for folder in (laptop.state, world.server.data):
        odd = [path for path in folder.rglob("*") if not (path.is_file() or path.is_dir())]
        assert not odd, odd


@test
def a_state_folder_open_to_others_is_refused(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.stop()
    laptop.vault_folder.chmod(0o755)
    refuses_to_start(laptop, 13, "folder")
    laptop.vault_folder.chmod(0o700)
    laptop.start()
    laptop.unlock()


@test
def two_daemons_never_share_a_folder_or_a_socket(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    refuses_to_start(laptop, 13, "another vaultd")
    refuses_to_start(laptop, 13, "another", "--socket", laptop.runtime / "other")
    laptop.put("note", b"the first one goes on")
    assert laptop.get("note") == b"the first one goes on"


@test
def profiles_are_vaults_of_their_own(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.stop()
    other = world.device("other", start=False)
    other.env = dict(laptop.env, VAULTD_PROFILE="work")
    other.socket = laptop.runtime / "vaultd" / "work.sock"
    other.start()
    assert other.status()["vault"]["state"] == "absent"
    laptop.start()
    assert laptop.status()["vault"]["state"] == "locked"


@test
def a_kill_leaves_nothing_in_the_way_of_the_next_start(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    laptop.put("note", b"kept")
    laptop.kill()
    assert laptop.socket.exists()
    laptop.start()
    assert laptop.status()["vault"]["state"] == "locked"
    laptop.unlock()
    assert laptop.get("note") == b"kept"


@test
def it_starts_locked_and_unlocks_without_a_server(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    assert laptop.status()["vault"]["state"] == "unlocked"
    laptop.put("note", b"kept")
    laptop.stop()
    world.server.stop()
    laptop.start()
    assert laptop.status()["vault"]["state"] == "locked"
    laptop.fails(5, "get", "note")
    laptop.unlock()
    assert laptop.get("note") == b"kept"


class Deaf:
    """A server that accepts, reads and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.held = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            self.held.append(self.listener.accept()[0])


@test
def sigterm_ends_it_within_five_seconds_whatever_is_open(world):
    world.start_server(proxied=True)
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    idle, half, unread = laptop.rpc(), laptop.rpc(), laptop.rpc()
    half.socket.sendall(b'{"jsonrpc":"2.0","id":1,"method":"item.p')
    laptop.put("note", b"x" * 60000)
    unread.send_until_full("item.get", {"name": "note"})  # megabytes of answers that nobody reads
    deaf = Deaf()
    world.proxy.upstream = deaf.listener.getsockname()[1]
    world.server.stop()  # open connections end; the next go to one who never answers
    syncing = subprocess.Popen([laptop.vaultctl, "sync"], env=laptop.env, stderr=subprocess.DEVNULL)
    wait_until(lambda: deaf.held, "the daemon asks the deaf server")
    watch = Stopwatch()
    laptop.stop()
    assert watch.seconds < 5
    assert syncing.wait(5) != 0
    assert not laptop.socket.exists()
    world.server.start(*world.server.options)
    world.proxy.upstream = world.server.port
    laptop.start()
    laptop.unlock()
    laptop.sync()
    for client in (idle, half, unread):
        client.socket.close()


@test
def sigterm_while_a_key_is_derived_ends_it_too(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    laptop.ok("lock")
    with laptop.rpc() as rpc:
        rpc.send("vault.unlock", {"password": world.password})
        laptop.stop()


@test
def the_sixty_fifth_client_takes_the_place_of_an_idle_one_which_is_told_so(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    clients = [laptop.rpc() for _ in range(64)]
    assert laptop.ctl("status").code == 0
    answer = clients[0].receive()
    assert answer["error"]["data"]["kind"] == "E_BUSY" and "64" in answer["error"]["message"]
    for client in clients:
        client.socket.close()


@test
def lock_forgets(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("note", b"secret")
    laptop.ok("lock")
    for words in (["get", "note"], ["ls"], ["put", "note"], ["rm", "note"], ["history", "note"], ["conflicts"]):
        laptop.fails(5, *words)
    laptop.ok("lock")  # again: it is so already
    laptop.unlock()
    assert laptop.get("note") == b"secret"


@test
def a_locked_daemon_pulls_and_what_it_pulled_is_there_after_unlock(world):
    world.start_server()
    laptop, phone = world.pair("vaultd")
    phone.ok("lock")
    for n in range(20):
        laptop.put(f"note/{n}", b"written while the phone was locked")
    laptop.sync()
    phone.ok("sync")
    assert phone.status()["vault"]["state"] == "locked"
    world.server.stop()  # so that nothing can come after
    phone.unlock()
    assert len(phone.names("note/")) == 20
    assert phone.get("note/7") == b"written while the phone was locked"


@test
def a_locked_daemon_pushes_what_was_written_before(world):
    world.start_server()
    laptop, phone = world.pair()
    world.server.stop()
    laptop.put("note", b"written off-line")
    laptop.ok("lock")
    world.server.start()
    laptop.sync()
    phone.sync()
    assert phone.get("note") == b"written off-line"


@test
def a_device_hears_of_changes_without_being_told_to_sync(world):
    world.start_server()
    laptop, phone = world.pair()
    laptop.put("note", b"news")
    wait_until(lambda: phone.ctl("get", "note").out == b"news", "the phone hears of it")
    phone.put("note", b"answer")
    wait_until(lambda: laptop.ctl("get", "note").out == b"answer", "the laptop hears of it")


@test
def it_runs_as_another_user_too(world):
    if os.geteuid() != 0:
        raise Skip("needs root, to become somebody else")
    laptop = world.device("laptop", start=False)
    world.folder.chmod(0o755)
    copies = {name: shutil.copy(world.build / name, world.folder) for name in ("vaultd", "vaultctl")}
    for folder in (laptop.runtime.parent, laptop.runtime):
        os.chown(folder, 65534, 65534)
    laptop.program, laptop.vaultctl = copies["vaultd"], copies["vaultctl"]
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    daemon = subprocess.Popen([*become, laptop.program], env=laptop.env, stderr=subprocess.DEVNULL)
    try:
        wait_until(laptop.socket.exists, "the socket")
        done = subprocess.run([*become, laptop.vaultctl, "status"], env=laptop.env, capture_output=True)
        assert done.returncode == 0, done.stderr
        laptop.fails(13, "status")  # root asks, and the folder is not root's
        laptop.fails(9, "--socket", str(laptop.socket), "status")  # nor is the daemon
    finally:
        daemon.terminate()
        assert daemon.wait(5) == 0


if __name__ == "__main__":
    main()
