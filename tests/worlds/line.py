# SPDX-License-Identifier: Apache-2.0
"""One device's way to the server: what it is shown of it, and what is lost. The server may hide, delay and show old states; it
never forges."""

import socket

from proxy import Cut, Proxy

QUIET = ("/v1/session", "/v1/prelogin")


class Forgetful(list):
    """A list that keeps nothing: a world has no use for its traffic."""

    def append(self, _):
        pass


def changes_something(exchange):
    return exchange.method in ("PUT", "POST") and not exchange.target.startswith(QUIET)


class Line(Proxy):
    def __init__(self):
        super().__init__()
        self.recorded, self.exchanges = Forgetful(), Forgetful()
        self.on, self.view, self.once, self.struck, self.held = True, "now", None, None, []
        self.server, self.rule = None, self.judge

    def _serve(self, client):
        try:
            super()._serve(client)
        except ValueError:  # it was hung up while it waited
            pass

    def judge(self, exchange):
        if not self.on or (exchange.answer is None and self.refuses(exchange)):
            raise Cut
        if self.once and self.struck is None and exchange.answer is None and changes_something(exchange):
            self.struck = exchange
        if self.struck is exchange:
            self.strike(exchange)

    def refuses(self, exchange):
        """An old state is only looked at. A branch takes what a device appends, but no keyring: whoever signed two versions of
        that at once could not be brought together again by anybody."""
        if self.view == "old":
            return changes_something(exchange)
        return self.view == "branch" and changes_something(exchange) and not exchange.target.startswith(("/v1/chain", "/v1/blob"))

    def strike(self, exchange):
        if self.once == "answer" and exchange.answer is None:
            return
        if self.once == "late":
            self.held.append(exchange.request + exchange.body)
        self.once = self.struck = None
        raise Cut

    def lose(self, what):
        """The next request that changes something: the request, its answer, or it comes when it is delivered."""
        self.once, self.struck = what, None

    def deliver(self, port):
        """What was held, as it was sent: at a time when nobody waits for it any more."""
        for request in self.held:
            with socket.create_connection(("127.0.0.1", port), 10) as line:
                line.sendall(request)
                line.recv(1 << 16)
        self.held = []

    def turn(self, on):
        self.on = on
        self.hang_up_all()

    def show(self, view, port):
        self.view, self.upstream = view, port
        self.hang_up_all()

    def hang_up_all(self):
        self.hang_up()
