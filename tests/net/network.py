# SPDX-License-Identifier: Apache-2.0
"""A server and two devices, each in a network namespace of its own, on one switch that can be told to be bad."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

from harness import Skip
from programs import Server

HERE = Path(__file__).resolve().parent
PLACES = {"server": "10.77.0.1", "laptop": "10.77.0.2", "phone": "10.77.0.3"}
numbers = itertools.count(1)


def sh(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True)


def must(*words):
    done = sh(*words)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def inside(space, *words):
    """The words of a command in that namespace. "ip netns exec" would remount /, which a chroot has not."""
    return ["nsenter", f"--net=/run/netns/{space}", "--", *words]


class Network:
    def __init__(self, world):
        self.world, self.switch, self.spaces = world, None, []
        self.mark = f"vt{os.getpid()}-{next(numbers)}-"
        probe = sh("ip", "netns", "add", self.mark + "probe")
        if probe.returncode == 0:
            probe = sh(*inside(self.mark + "probe", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"))
        sh("ip", "netns", "del", self.mark + "probe")
        if probe.returncode != 0:
            raise Skip(f"no network namespaces here: {probe.stderr.strip()}")

    def __enter__(self):
        hub = self.space("hub")
        for number, (name, address) in enumerate(PLACES.items()):
            space = self.space(name)
            must(*inside(hub, "ip", "link", "add", f"p{number}", "type", "veth", "peer", "name", "eth0", "netns", space))
            must(*inside(hub, "ip", "link", "set", f"p{number}", "up"))
            must(*inside(space, "ip", "link", "set", "lo", "up"))
            must(*inside(space, "ip", "link", "set", "eth0", "up"))
            must(*inside(space, "ip", "addr", "add", address + "/24", "dev", "eth0"))
        self.switch = subprocess.Popen(
            inside(hub, "/usr/bin/python3", HERE / "switch.py", *(f"p{n}" for n in range(len(PLACES)))),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.switch.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        for program in self.world.programs:
            if program.running and not sys.exc_info()[0]:
                program.stop()
            elif program.running:
                program.kill()
        if self.switch:
            self.switch.kill()
            self.switch.wait()
        for space in self.spaces:
            sh("ip", "netns", "del", space)

    def space(self, name):
        must("ip", "netns", "add", self.mark + name)
        self.spaces.append(self.mark + name)
        return self.mark + name

    def tell(self, *words):
        self.switch.stdin.write(" ".join(map(str, words)) + "\n")
        self.switch.stdin.flush()

    def port(self, name):
        return "p%d" % list(PLACES).index(name)

    def inside(self, name, *words):
        return must(*inside(self.mark + name, "ip", *words))

    def place(self, program):
        """From its start on the program is there."""
        program.prefix = inside(self.mark + program.name)
        return program

    def household(self):
        """A server with TLS, a laptop that creates the vault there and a phone that joins."""
        world, address = self.world, PLACES["server"]
        server = world.server = self.place(Server(world))
        world.programs.append(server)
        server.listen = f"{address}:8470"
        server.start("--tls-cert", self.certificate(address), "--tls-key", world.folder / "key.pem")
        laptop, phone = (self.place(world.device(name, start=False)).start() for name in ("laptop", "phone"))
        ca = ["--ca", world.folder / "ca.pem"]
        laptop.ok(*laptop.enrolment("create"), *ca, password=world.password)
        phone.join(*ca)
        return laptop, phone

    def certificate(self, address):
        folder = self.world.folder
        ext = folder / "ext"
        ext.write_text(f"subjectAltName=IP:{address}\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        must("openssl", "req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=ca",
             "-days", 2)
        must("openssl", "req", *key, "-keyout", folder / "key.pem", "-out", folder / "csr.pem", "-subj", "/CN=server")
        must("openssl", "x509", "-req", "-in", folder / "csr.pem", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
             "-CAcreateserial", "-extfile", ext, "-days", 2, "-out", folder / "cert.pem")
        return folder / "cert.pem"
