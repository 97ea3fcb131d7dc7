# SPDX-License-Identifier: Apache-2.0
"""A server that answers what a function says and keeps every byte that came: for clients that are lied to in thousands."""

import socket
import threading
from typing import NamedTuple

from proxy import length_of


class Asked(NamedTuple):
    raw: bytes  # as it came
    method: str
    target: str
    body: bytes

    @property
    def number(self):
        """The session and number of its Authorization, as text."""
        for line in self.raw.split(b"\r\n"):
            if line.startswith(b"Authorization: Vaultd "):
                return line[22:].split(b",")[:2]


class Said(NamedTuple):
    """An answer: raw bytes, or a status and a body; and what comes behind, piece by piece, for as long as it is taken."""
    body: bytes = b""
    status: int = 200
    headers: tuple = ()
    raw: bytes = None
    behind: object = ()

    def bytes(self):
        if self.raw is not None:
            return self.raw
        head = [f"HTTP/1.1 {self.status} X", *self.headers, f"Content-Length: {len(self.body)}"]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + self.body


def refusal(status, kind, body=b""):
    return Said(body, status, (f"Vaultd-Error: {kind}",))


class Scripted:
    """answer(asked) gives a Said, or None to hang up. It is called by one thread at a time."""

    def __init__(self, answer):
        self.answer, self.asked, self.lock = answer, [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self):
        """All that was asked since the last time."""
        with self.lock:
            out, self.asked = self.asked, []
        return out

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        buffer = b""
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    more = client.recv(1 << 16)
                    if not more:
                        return
                    buffer += more
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                size = length_of(head)
                while len(buffer) < size:
                    buffer += client.recv(1 << 20)
                body, buffer = buffer[:size], buffer[size:]
                method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
                asked = Asked(head + b"\r\n\r\n" + body, method, target, body)
                with self.lock:
                    self.asked.append(asked)
                    said = self.answer(asked)
                if said is None:
                    return
                client.sendall(said.bytes())
                for piece in said.behind:
                    client.sendall(piece)
        except OSError:
            pass
        finally:
            client.close()
