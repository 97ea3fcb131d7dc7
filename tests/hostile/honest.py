# SPDX-License-Identifier: Apache-2.0
"""A server that keeps to wire/PROTOCOL.md, in Python's standard library: what EvilServer is while it does not lie.

Its own process, over plain TCP. It records every request byte for byte, and whoever signed it.
"""

import re
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field

from history import History, No, public_part, unpage
from vaultformat.cursor import Cursor, u8, u64, var8, var16
from vaultformat.primitives import Refused, ed25519_valid, hmac256, label, sha256

REASONS = {101: "Switching Protocols", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 409: "Conflict", 500: "Internal Server Error"}
AUTHORIZATION = re.compile(r"Vaultd ([0-9a-f]{32}),([1-9][0-9]*),([0-9a-f]{128})")
NOBODY = b""  # who signed: nobody, zeros for AUTH, ones for RAUTH, or a device
AUTH = bytes(16)
SHEET = b"\xff" * 16


@dataclass
class Request:
    """One that came, and what became of it."""

    number: int
    raw: bytes  # head and body, as they came
    method: str
    target: str
    headers: dict
    body: bytes
    signer: bytes = NOBODY
    account: str = ""
    status: int = 0
    answer: bytes = field(default=b"", repr=False)

    @property
    def is_poll(self):
        return "wait=" in self.target or self.target == "/v1/watch"


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: tuple = ()

    def bytes(self):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Other')}", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, *self.headers, "", ""]).encode() + self.body


def refusal(no):
    return Answer(no.status, no.body, (f"Vaultd-Error: {no.kind}",))


@dataclass
class Session:
    account: str
    vault: bytes
    key_id: bytes
    challenge: bytes
    used: set = field(default_factory=set)


class HonestServer:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.origin = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock, self.changed = threading.RLock(), None
        self.changed = threading.Condition(self.lock)
        self.secret, self.truths, self.sessions, self.requests = secrets.token_bytes(32), {}, {}, []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self):
        return self.origin

    def truth(self, account):
        return self.truths[account]

    # HTTP

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with client, client.makefile("rb") as stream:
                while request := self._read(stream):
                    client.sendall(self.respond(request))
        except (OSError, EOFError):
            pass

    def _read(self, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline(1 << 16)
            if not line:
                return None
            head += line
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = stream.read(int(headers.get("content-length", 0)))
        with self.lock:
            request = Request(len(self.requests) + 1, head + body, method, target, headers, body)
            self.requests.append(request)
        return request

    def respond(self, request):
        """The bytes that go back."""
        answer = self.answer(request)
        request.status, request.answer = answer.status, answer.body
        return answer.bytes()

    def answer(self, request):
        with self.lock:
            try:
                return self.handle(request)
            except No as no:
                return refusal(no)
            except Refused:
                return Answer(400, b"", ("Vaultd-Error: E_USAGE",))

    # Who asks

    def who(self, request):
        """Sets the signer, or raises 401: PROTOCOL §2."""
        found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        session = found and self.sessions.get(found[1])
        if not session or session.account not in self.truths:
            raise No(401, "E_AUTH")
        number, truth = int(found[2]), self.truths[session.account]
        keys = {**truth.net_keys(), AUTH: truth.ring().auth_pk, SHEET: truth.ring().rauth_pk}
        key = keys.get(session.key_id)
        if key == bytes(32):
            key = None
        message = label("request") + var16(self.origin.encode()) + var8(session.account.encode()) + session.vault
        message += session.key_id + var8(request.method.encode()) + var16(request.target.encode())
        message += sha256(request.body) + session.challenge + u64(number)
        request.signer, request.account = session.key_id, session.account
        if session.vault != truth.ring().vault_id or not key or not self.signed(key, message, bytes.fromhex(found[3])):
            raise No(401, "E_AUTH")
        if number in session.used or session.used and number < max(session.used) - 64:
            raise No(401, "E_AUTH")
        session.used.add(number)

    def signed(self, key, message, signature):
        return ed25519_valid(key, message, signature)

    def fake(self, name, account):
        return hmac256(self.secret, label(name, account.encode()))

    # What is asked

    def handle(self, request):
        path = request.target.partition("?")[0]
        unsigned = {"/v1/prelogin": self.prelogin, "/v1/session": self.session, "/v1/account": self.account}
        if request.method == "POST" and path in unsigned:
            return Answer(200, unsigned[path](request, Cursor(request.body)))
        self.who(request)
        return Answer(200, self.signed_call(request, path))

    def signed_call(self, request, path):
        history = self.shown_to(request)
        if (request.method, path) == ("GET", "/v1/heads"):
            return self.heads(request)
        if (request.method, path) == ("GET", "/v1/keyring"):
            return history.keyring_page(self.first(request))
        if (request.method, path) == ("PUT", "/v1/keyring"):
            return self.put_keyring(request)
        found = re.fullmatch(r"/v1/blob/([0-9a-f]{32})(?:/(0|[1-9][0-9]*))?", path)
        if found:
            return self.blob(request, bytes.fromhex(found[1]), None if found[2] is None else int(found[2]))
        found = re.fullmatch(r"/v1/chain/([0-9a-f]{32})", path)
        if not found:
            raise No(404, "E_NOT_FOUND")  # /v1/watch too: an upgrade may be refused
        device = bytes.fromhex(found[1])
        if request.method == "GET":
            return history.chain_page(device, self.first(request))
        return self.append(request, device)

    @staticmethod
    def first(request):
        found = re.search(r"\?from=([1-9][0-9]*)$", request.target)
        if not found:
            raise No(400, "E_USAGE")
        return int(found[1])

    def prelogin(self, request, c):
        account = c.var(1).decode()
        c.end()
        request.account = account
        if account not in self.truths:
            return u8(1) + self.fake("fake-vault-id", account)[:16] + self.fake("fake-seed", account)
        ring = self.truths[account].ring()
        return u8(ring.suite) + ring.vault_id + ring.seed

    def session(self, request, c):
        account, vault, key_id = c.var(1).decode(), c.take(16), c.take(16)
        c.end()
        request.signer, request.account = key_id, account
        name, challenge = secrets.token_bytes(16), secrets.token_bytes(32)
        self.sessions[name.hex()] = Session(account, vault, key_id, challenge)
        return name + challenge

    def account(self, request, c):
        account, _, raw = c.var(1).decode(), c.var(1), c.var(4)
        c.end()
        request.account = account
        if account in self.truths:
            if self.truths[account].rings[0] == raw:
                return b""
            raise No(409, "E_CONFLICT")
        fresh = History()
        fresh.put_ring(raw)
        if public_part(raw).account != account:
            raise No(400, "E_TAMPER")
        self.truths[account] = fresh
        return b""

    def heads(self, request):
        found = re.fullmatch(r"/v1/heads\?wait=(\d+)&known=([0-9a-f]{32})", request.target)
        end = time.monotonic() + (int(found[1]) if found else 0)
        while True:
            body = self.shown_to(request).heads_body()
            left = end - time.monotonic()
            if not found or sha256(body)[:16].hex() != found[2] or left <= 0:
                return body
            self.changed.wait(left)

    def blob(self, request, blob, index):
        history = self.shown_to(request)
        if request.method == "GET":
            return history.leaves(blob) if index is None else history.chunk(blob, index)
        if request.signer == AUTH:
            raise No(403, "E_DENIED")
        return self.put_chunk(request, blob, index)

    def put_chunk(self, request, blob, index):
        return self.truths[request.account].put_chunk(blob, index, request.body)

    def put_keyring(self, request):
        truth = self.truths[request.account]
        end = re.search(r"\?chain=([0-9a-f]{32})&head=([0-9]+)-([0-9a-f]{64})$", request.target)
        if end and truth.head(bytes.fromhex(end[1])) != (int(end[2]), bytes.fromhex(end[3])):
            raise No(409, "E_CONFLICT", truth.head_body())
        done = truth.put_ring(request.body)
        self.changed.notify_all()
        return done

    def append(self, request, device):
        if request.signer in (AUTH, SHEET):
            raise No(403, "E_DENIED")
        if device not in self.truths[request.account].net_keys():
            raise No(404, "E_NOT_FOUND")
        done = self.truths[request.account].append(device, unpage(request.body))
        self.changed.notify_all()
        return done

    def shown_to(self, request):
        return self.truths[request.account]
