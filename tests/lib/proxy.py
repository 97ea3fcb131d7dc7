# SPDX-License-Identifier: Apache-2.0
"""A plain HTTP proxy before the server: it records every byte, and does to the traffic what a rule says.

A rule is called twice for each request: with `answer` None before it is forwarded, and with the answer's
body before that goes back. It may change `body` or `answer` or raise Cut; an answer that it gives instead of
forwarding goes back as it is. After an upgrade bytes pass both ways as they come.
"""

import select
import socket
import threading
from dataclasses import dataclass


class Cut(Exception):
    """Pass on this share of the bytes under way, head included, and close both connections."""

    def __init__(self, share=0.0):
        self.share = share

    def of(self, data):
        return data[: int(len(data) * self.share)]


@dataclass
class Exchange:
    number: int  # of the request, from 1
    method: str
    target: str
    body: bytes
    request: bytes = b""  # its head as it came, to the empty line
    answer: bytes = None
    status: int = 200
    rule: object = None  # for a rule's own notes
    then: object = None  # after an upgrade: what speaks to the client in the server's place, a function of its socket


class Proxy:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.upstream, self.rule = None, None
        self.exchanges, self.recorded = [], []
        self.sockets, self.silence = set(), threading.Event()  # what a rule that never answers waits for
        threading.Thread(target=self._accept, daemon=True).start()

    def capture(self):
        """Every byte that went through, both ways."""
        return b"".join(self.recorded)

    def close(self):
        self.rule = None
        self.silence.set()
        self._shut(self.listener)
        self.hang_up()
        for one in [self.listener, *list(self.sockets)]:
            one.close()

    def hang_up(self):
        """Ends every connection that there is."""
        for one in list(self.sockets):
            self._shut(one)

    @staticmethod
    def _shut(one):
        try:
            one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
        except OSError:
            pass

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = None
        self.sockets.add(client)
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream))
            self.sockets.add(server)
            while self._relay(client, server):
                pass
        except OSError:
            pass
        finally:
            for one in (client, server):
                if one is not None:
                    self.sockets.discard(one)
                    one.close()

    def _relay(self, client, server):
        message = self._read(client, server)
        if message is None:
            return False
        head, body = message
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        exchange = Exchange(len(self.exchanges) + 1, method, target, body, head)
        self.exchanges.append(exchange)
        try:
            self._apply(exchange)
        except Cut as cut:
            return self._send(server, cut.of(head + exchange.body))
        if exchange.answer is not None:
            self._send(client, with_length(b"HTTP/1.1 200 OK\r\n\r\n", exchange.answer))
            return True
        return self._ask(exchange, head, client, server) and self._give_back(exchange, client, server)

    def _ask(self, exchange, head, client, server):
        self._send(server, with_length(head, exchange.body))
        message = self._read(server, client)
        if message is None:
            return False
        exchange.head, exchange.answer = message
        exchange.status = int(exchange.head.split(b" ")[1])
        return True

    def _give_back(self, exchange, client, server):
        try:
            self._apply(exchange)
        except Cut as cut:
            return self._send(client, cut.of(with_length(exchange.head, exchange.answer)))
        if exchange.status == 101:
            self._send(client, exchange.head + exchange.answer)
            return exchange.then(client) if exchange.then else self._pass_on(client, server)
        self._send(client, with_length(exchange.head, exchange.answer))
        return b"connection: close" not in exchange.head.lower()

    def _pass_on(self, client, server):
        while True:
            for one in select.select([client, server], [], [])[0]:
                data = one.recv(1 << 16)
                if not data:
                    return False
                self._send(server if one is client else client, data)

    def _apply(self, exchange):
        rule = self.rule
        if rule is not None:
            rule(exchange)

    def _send(self, to, data):
        self.recorded.append(data)
        to.sendall(data)
        return False

    def _read(self, source, other):
        """One message, head and body; None at its end, or when the other side goes away meanwhile."""
        data = b""
        while b"\r\n\r\n" not in data:
            ready, _, _ = select.select([source, other], [], [])
            if other in ready and source not in ready:
                return None
            more = source.recv(1 << 16)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        missing = length_of(head) - len(body)
        parts = [body]
        while missing > 0:
            more = source.recv(1 << 20)
            if not more:
                return None
            parts.append(more)
            missing -= len(more)
        return head + b"\r\n\r\n", b"".join(parts)


def length_of(head):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def with_length(head, body):
    """The message with its Content-Length set right; a request that had none and needs none gets none."""
    lines = head.split(b"\r\n")[:-2]
    others = [line for line in lines if not line.lower().startswith(b"content-length:")]
    if body or len(others) < len(lines) or head.startswith(b"HTTP/"):
        others.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(others) + b"\r\n\r\n" + body
