# SPDX-License-Identifier: Apache-2.0
"""vaultd, vaultctl and vault-server as a test sees them: separate processes, folders, sockets and exit codes."""

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from rpc import Rpc
from waiting import wait_until

STOP_SECONDS = 5  # what SIGTERM may take, whatever is open


class Program:
    """A process that runs until it is told to stop. Its stdout and stderr are files, and outlive it."""

    setpriv = ()  # more words for setpriv, such as another user

    def __init__(self, folder, name):
        self.name = name
        self.out, self.log = folder / f"{name}.out", folder / f"{name}.log"
        self.starts, self.process = 0, None
        self.prefix = []  # what runs the program, in a place of its own perhaps

    def spawn(self, argv, env, umask=-1):
        assert not self.running, f"{self.name} runs already"
        self.starts += 1
        with open(self.out, "ab") as out, open(self.log, "ab") as log:
            # Whatever becomes of this test, the process does not outlive it.
            argv = ["setpriv", *self.setpriv, "--pdeathsig", "KILL", "--", *self.prefix, *map(str, argv)]
            self.process = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=log, umask=umask
            )

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As a power cut does it, but for the disk."""
        self.process.kill()
        self.process.wait()

    def ask_to_stop(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        self.ask_to_stop()
        self.await_stop()

    def await_stop(self, code=0):
        try:
            got = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM") from None
        assert got == code, f"{self.name} ended with {got}, not {code}"

    @contextmanager
    def held(self):
        """Stopped meanwhile; it goes on if it ran."""
        ran = self.running
        if ran:
            self.stop()
        yield
        if ran:
            self.start()

    def stderr(self):
        return self.log.read_bytes() if self.log.exists() else b""

    def stdout(self):
        return self.out.read_bytes() if self.out.exists() else b""


class Server(Program):
    """vault-server on a loopback port, which it keeps over a restart."""

    def __init__(self, world, name="server", data=None, program="vault-server"):
        super().__init__(world.folder, name)
        self.program, self.env = world.build / program, world.bare_env
        self.data = data or world.folder / f"{name}-data"
        self.listen, self.options = "127.0.0.1:0", []

    def launch(self, *options, **env):
        """Starts it without waiting."""
        self.options, self.lines = list(options) or self.options, self.stdout().count(b"\n")
        argv = [self.program, "--data", self.data, "--listen", self.listen, *self.options]
        self.spawn(argv, dict(self.env, **env))

    def start(self, *options, **env):
        self.launch(*options, **env)
        line = wait_until(self._line, f"the first line of {self.name}")
        found = re.search(rb"(\[[0-9a-f:]+\]|\d+\.\d+\.\d+\.\d+):(\d+)", line)
        assert found and int(found[2]) != 0, f"no numeric HOST:PORT in {line!r}"
        self.listen = found[0].decode()
        return self

    def copied(self, name):
        """Its data as they are now, under this name in the world's folder."""
        copy = self.data.with_name(name)
        with self.held():
            shutil.copytree(self.data, copy)
        return copy

    def goes_back(self, data):
        """To a copy of these data, or to nothing for None. Gives what it had, in another folder."""
        had = self.data.with_name(f"{self.name}-had-{self.starts}")
        with self.held():
            self.data.rename(had)
            if data:
                shutil.copytree(data, self.data)
        return had

    def _line(self):
        assert self.running, f"{self.name} ended with {self.process.returncode}: {self.stderr()[-500:]!r}"
        lines = self.stdout().split(b"\n")[:-1]
        return lines[self.lines] if len(lines) > self.lines else None

    def is_up(self):
        return self.stdout().count(b"\n") > self.lines

    @property
    def url(self):
        return f"{'https' if '--tls-cert' in self.options else 'http'}://{self.listen}"

    @property
    def port(self):
        return int(self.listen.rpartition(":")[2])


@dataclass
class Said:
    """What a vaultctl said."""

    code: int
    out: bytes
    err: bytes

    @property
    def json(self):
        return json.loads(self.out)


class Device(Program):
    """A machine of its own: a home, a state and a runtime folder, a vaultd, and vaultctl to talk to it."""

    def __init__(self, world, name, program="vaultd_test"):
        super().__init__(world.folder, name)
        self.world, self.program, self.vaultctl = world, world.build / program, world.build / "vaultctl"
        home = world.folder / name
        self.runtime, self.state = home / "run", home / "state"
        self.runtime.mkdir(parents=True, mode=0o700)
        self.env = dict(
            world.bare_env, HOME=str(home), XDG_STATE_HOME=str(self.state), XDG_RUNTIME_DIR=str(self.runtime)
        )
        self.socket = self.runtime / "vaultd" / "default.sock"
        self.vault_folder = self.state / "vaultd" / "default"

    def launch(self, *options, umask=-1, **env):
        """Starts it without waiting."""
        branch = f"{self.name}.{self.starts + 1}"
        self.spawn([self.program, *options], dict(self.env, VAULT_BRANCH=branch, **env), umask)

    @property
    def branch(self):
        """Its present life, as an audit names it."""
        return f"{self.name}.{self.starts}"

    def start(self, *options, umask=-1, **env):
        self.launch(*options, umask=umask, **env)
        wait_until(self._answers, f"{self.name} answers on its socket")
        return self

    def _answers(self):
        assert self.running, f"{self.name} ended with {self.process.returncode}: {self.stderr()[-500:]!r}"
        return self.is_up()

    def is_up(self):
        return self.socket.exists() and self.ctl("status").code == 0

    def restart(self):
        self.stop()
        return self.start()

    def copied(self):
        """The vault's folder as it is now: a backup."""
        copy = self.world.folder / f"{self.name}-copy-{self.starts}"
        with self.held():
            shutil.copytree(self.vault_folder, copy)
        return copy

    def goes_back(self, copy, *names):
        """To all of a backup, or to these files of it. In place: the folder itself stays the same."""
        with self.held():
            for name in names or ("data.mdb", "anchor"):
                shutil.copyfile(copy / name, self.vault_folder / name)

    def rpc(self):
        return Rpc(self.socket)

    def ctl(self, *words, input=b"", password=None, timeout=90):
        """Runs vaultctl; a password, bytes or text, goes through a pipe, as it stands."""
        become = ["setpriv", *self.setpriv, "--"] if self.setpriv else []
        argv, fds = [*become, self.vaultctl, "--no-input"], []
        if password is not None:
            fds = [self._pipe_with(password)]
            argv += ["--password-fd", str(fds[0])]
        try:
            done = subprocess.run(
                [*argv, *words], env=self.env, input=input, capture_output=True, pass_fds=fds, timeout=timeout
            )
        finally:
            for fd in fds:
                os.close(fd)
        return Said(done.returncode, done.stdout, done.stderr)

    @staticmethod
    def _pipe_with(text):
        end, begin = os.pipe()
        os.write(begin, text if isinstance(text, bytes) else text.encode())
        os.close(begin)
        return end

    def ok(self, *words, **more):
        said = self.ctl(*words, **more)
        assert said.code == 0, f"{self.name}: vaultctl {words} exited {said.code}: {said.err.decode(errors='replace')}"
        return said.out

    def fails(self, code, *words, **more):
        """The command must exit with this code, or one of these, and one clear line; gives that line."""
        said = self.ctl(*words, **more)
        text = said.err.decode(errors="replace")
        assert said.code in (code if isinstance(code, tuple) else (code,)), f"{self.name}: vaultctl {words} exited {said.code}, not {code}: {text}"
        assert text.strip(), f"{self.name}: vaultctl {words} exited {code} without a word"
        assert said.out == b"", f"{self.name}: a failed {words} wrote to stdout"
        return text

    def create(self, **more):
        return self._enrol("create", **more)

    def join(self, *options, **more):
        return self._enrol("join", *options, **more)

    def _enrol(self, verb, *options, **more):
        return self.ok(*self.enrolment(verb), *options, **{"password": self.world.password, **more})

    def enrolment(self, verb, url=None):
        """The words of a create or join on this world's server."""
        url = self.world.url if url is None else url
        return [verb, "--server", url, "--account", self.world.account, "--device-name", self.name]

    def unlock(self):
        self.ok("unlock", password=self.world.password)

    def put(self, name, value):
        self.ok("put", *([] if value else ["--empty"]), name, input=value)

    def get(self, name):
        return self.ok("get", name)

    def names(self, prefix=None):
        return self.ok("ls", *([prefix] if prefix is not None else [])).decode().split("\n")[:-1]

    def sync(self):
        self.ok("sync")

    def status(self):
        return json.loads(self.ok("status", "--json"))

    def values(self):
        """Every item's name with its bytes, over one connection."""
        with self.rpc() as rpc:
            return {item["name"]: rpc.get(item["name"]) for item in rpc.list()}
