# SPDX-License-Identifier: Apache-2.0
"""A person who speaks wire/PROTOCOL.md by hand: a vault of one's own made with tests/reader, requests signed by its
password or its devices, and the bytes that come back as they came.
"""

import hashlib
import re
import socket
from dataclasses import dataclass

from vaultformat.cursor import u16, u64, var8, var16, var32
from vaultformat.primitives import derive, ed25519_public, ed25519_sign, label, password_root, sha256
from writer import SUITE, Writer

AUTH = bytes(16)  # the key id of the password


@dataclass
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def kind(self):
        found = re.search(rb"\r\nVaultd-Error: (\S+)", self.head)
        return found[1].decode() if found else None

    @property
    def bytes(self):
        return self.head + self.body

    def __repr__(self):
        return f"{self.status} {self.kind}, {len(self.body)} bytes"


class Line:
    """One connection to a server, from any loopback address."""

    def __init__(self, port, source="127.0.0.1", seconds=20):
        self.socket = socket.create_connection(("127.0.0.1", port), seconds, (source, 0))
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, raw):
        self.socket.sendall(raw)

    def receive(self):
        """The next answer; None where the server closed without one."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        size = int(length[1]) if length else 0
        while len(self.buffer) < size:
            assert self._more(), "an answer was cut"
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return Answer(int(head.split(b" ")[1]), head + b"\r\n\r\n", body)

    def _more(self):
        try:
            more = self.socket.recv(1 << 16)
        except ConnectionResetError:
            more = b""
        self.buffer += more
        return more


def raw_request(method, target, body=b"", headers=(), host="127.0.0.1"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def call(port, raw, source="127.0.0.1"):
    """One request as it stands, on a connection of its own."""
    line = Line(port, source)
    try:
        line.send(raw)
        return line.receive()
    finally:
        line.close()


def post(port, path, body):
    return call(port, raw_request("POST", path, body))


def prelogin(port, account):
    """(suite, vault_id, seed) as the server says it."""
    body = post(port, "/v1/prelogin", var8(account.encode())).body
    return body[0], body[1:17], body[17:]


class Vault(Writer):
    """A writer's vault with an account of its own, whose devices can sign requests."""

    def __init__(self, account, password=b"password", salt=b""):
        self.account, self.salt = account, salt
        super().__init__(password)

    def fresh(self, n=32):
        count = next(self.count).to_bytes(4, "big")
        return hashlib.shake_256(b"writer" + self.salt + self.account.encode() + count).digest(n)

    def choose(self, password):
        self.seed = self.fresh()
        root = password_root(password, SUITE, self.account, self.vault_id, self.seed)
        self.auth, self.pwk = derive(root, "auth", self.vault_id), derive(root, "password-slot", self.vault_id)

    def slotted(self, k):
        k.account = self.account  # a draft has that of the module's one vault
        return super().slotted(k)

    def add_device(self, name, version):
        super().add_device(name, version)
        device = self.devices[name]
        device.net = self.fresh()
        device.public = device.public._replace(net_pk=ed25519_public(device.net))

    def register(self, port, invitation=b""):
        body = var8(self.account.encode()) + var8(invitation) + var32(self.rings[0].raw)
        return post(port, "/v1/account", body)


class Caller:
    """Signs as `key` of an account: a name of a device of `vault`, or None for its password. What is claimed may be
    another account or vault id than the vault's."""

    def __init__(self, port, vault, device=None, account=None, vault_id=None, key_id=None, origin=None, seed=None):
        self.port, self.number = port, 0
        self.account, self.vault_id = account or vault.account, vault_id or vault.vault_id
        own = AUTH if device is None else vault.devices[device].id
        self.key_id = own if key_id is None else key_id
        self.seed = seed or (vault.auth if device is None else vault.devices[device].net)
        self.origin = origin or f"http://127.0.0.1:{port}"
        self.open()

    def open(self):
        body = var8(self.account.encode()) + self.vault_id + self.key_id
        self.opened = post(self.port, "/v1/session", body)
        assert self.opened.status == 200, self.opened
        self.session, self.challenge = self.opened.body[:16], self.opened.body[16:]

    def authorization(self, method, target, body=b"", number=None):
        if number is None:
            self.number += 1
            number = self.number
        message = (label("request") + var16(self.origin.encode()) + var8(self.account.encode()) + self.vault_id
                   + self.key_id + var8(method.encode()) + var16(target.encode()) + sha256(body) + self.challenge
                   + u64(number))
        return f"Authorization: Vaultd {self.session.hex()},{number},{ed25519_sign(self.seed, message).hex()}"

    def signed(self, method, target, body=b"", number=None):
        return raw_request(method, target, body, [self.authorization(method, target, body, number)])

    def __call__(self, method, target, body=b"", source="127.0.0.1"):
        return call(self.port, self.signed(method, target, body), source)

    def get(self, target):
        return self("GET", target)


def chain(device_id, suffix=""):
    return f"/v1/chain/{device_id.hex()}{suffix}"


def page(commits):
    return u16(len(commits)) + b"".join(map(var32, commits))
