# SPDX-License-Identifier: Apache-2.0
"""Each request that changes something at the server, in each flow of a vault's life, in every weather: it is lost, half
of it is, its answer is, it comes twice, or late, when all is over; or the daemon or the server dies, before it or after.
A person then does again what a person would. Afterwards exactly one password logs in, every item opens everywhere, and
every device follows or is revoked. Two devices that do such things at once come to the same end.

The steps between the requests, on the disk, are those of a_death_at_every_step.py."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from flows import Flow, holds
from harness import SOAK, World, test
from proxy import Cut

GIVES_UP = 45  # seconds: a client waits for an answer for 30


def changes_something(exchange):
    quiet = ("/v1/session", "/v1/prelogin")
    return exchange.method in ("PUT", "POST") and not exchange.target.startswith(quiet)


def deliver(port, exchange):
    """The request as it was sent, by whoever kept it; the head of the answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(exchange.request + exchange.body)
        answer = line.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 "), answer
    return answer


class Weather:
    """A rule for the proxy: does its worst to the request that is the `nth` to change something. Once."""

    def __init__(self, flow, nth):
        self.flow, self.world, self.left, self.struck = flow, flow.world, nth, None
        self.blows, self.over = threading.Lock(), False

    def __call__(self, exchange):
        with self.blows:
            if not self.over:
                self.strike(exchange)

    def ends(self):
        """What it is at is done when this returns."""
        with self.blows:
            self.over = True

    def strike(self, exchange):
        if self.struck is None and exchange.answer is None and changes_something(exchange):
            self.left -= 1
            if self.left == 0:
                self.struck = exchange
        if exchange is self.struck:
            (self.before if exchange.answer is None else self.after)(exchange)

    def before(self, exchange):
        pass

    def after(self, exchange):
        pass

    def clears(self):
        """When the person has done it again."""


class RequestLost(Weather):
    def before(self, exchange):
        raise Cut


class HalfARequest(Weather):
    def before(self, exchange):
        raise Cut(0.5)


class AnswerLost(Weather):
    def after(self, exchange):
        raise Cut


class DaemonDiesBefore(Weather):
    def before(self, exchange):
        self.flow.actor.kill()
        raise Cut


class DaemonDiesAfter(Weather):
    def after(self, exchange):
        self.flow.actor.kill()
        raise Cut


class ServerDiesBefore(Weather):
    def before(self, exchange):
        self.world.server.kill()
        raise Cut


class ServerDiesAfter(Weather):
    def after(self, exchange):
        self.world.server.kill()
        raise Cut


class ComesTwice(Weather):
    def before(self, exchange):
        deliver(self.world.server.port, exchange)


class ComesLate(Weather):
    """A network that lets go of it only when the device that sent it is no more, and has come again."""

    def before(self, exchange):
        self.flow.actor.kill()
        raise Cut

    def clears(self):
        deliver(self.world.server.port, self.struck)


class AnswerAfterAGiveUp(Weather):
    """The server has done it, and the client waits in vain for as long as it ever does."""

    def after(self, exchange):
        self.world.proxy.silence.wait(GIVES_UP)
        raise Cut


@contextmanager
def a_world_of_its_own(world):
    inner = World(world.build)
    try:
        yield inner
        inner.settle()
    except BaseException:
        inner.logs()
        raise
    finally:
        inner.destroy()


def strikes(world, flow_of, weather_of, nth):
    """One cell of the matrix. Whether there was a request to strike."""
    with a_world_of_its_own(world) as inner:
        flow = flow_of(inner)
        weather = inner.proxy.rule = weather_of(flow, nth)
        flow.act()
        weather.ends()
        inner.proxy.rule = None
        if not inner.server.running:
            inner.server.start()
        if not flow.actor.running:
            flow.actor.start()
        flow.again()
        if weather.struck:
            weather.clears()
        holds(flow)
        return weather.struck is not None


def add_row(flow, weather):
    def row(world):
        struck = 0
        while strikes(world, flow, weather, struck + 1):
            struck += 1
        assert struck >= flow.changes, f"{struck} requests of {flow.__name__} changed something, not {flow.changes}"
        print(f"    {struck} requests struck")

    words = "".join("_" + c.lower() if c.isupper() else c for c in f"{flow.__name__}In{weather.__name__}").strip("_")
    row.__name__ = words
    test(row)


TRAFFIC = [RequestLost, AnswerLost, DaemonDiesAfter, ComesTwice, ComesLate]
EVERY = [RequestLost, HalfARequest, AnswerLost, DaemonDiesBefore, DaemonDiesAfter, ServerDiesBefore, ServerDiesAfter,
         ComesTwice, ComesLate]


def add_rows(flow, weathers=EVERY, patient=SOAK):
    for weather in [*weathers, *([AnswerAfterAGiveUp] if patient else [])]:
        add_row(flow, weather)


class Two(Flow):
    """Both are on, unlocked, and have what the other one wrote."""

    def arrange(self):
        for name in ("laptop", "phone"):
            device = self.device(name)
            device.create() if device is self.devices[0] else device.join()
            self.write(device, f"by the {name}")
        for device in [*self.devices, *self.devices]:
            device.sync()


class AtOnce:
    """A rule that lets nobody's keyring reach the server before the other one's is on its way too."""

    def __init__(self):
        self.meeting, self.met, self.waited = threading.Barrier(2), 0, set()

    def __call__(self, exchange):
        if exchange.answer is not None or exchange.method != "PUT" or not exchange.target.startswith("/v1/keyring"):
            return
        if threading.get_ident() in self.waited or self.met >= 2:
            return
        self.waited.add(threading.get_ident())
        self.meeting.wait(20)
        self.met += 1


def at_once(world, *deeds):
    """Does them at the same moment, as far as the server can tell; what each said."""
    rule = world.proxy.rule = AtOnce()
    with ThreadPoolExecutor(len(deeds)) as pool:
        said = [done.result() for done in [pool.submit(deed) for deed in deeds]]
    world.proxy.rule = None
    assert rule.met == 2, "they did not meet"
    return said


def answers(world, first, second, lines_of_first, lines_of_second):
    """Both commands at once; the exit codes."""
    (one, *words), (other, *more) = first, second
    deeds = [lambda: one.ctl(*words, password=lines_of_first), lambda: other.ctl(*more, password=lines_of_second)]
    return [said.code for said in at_once(world, *deeds)]
