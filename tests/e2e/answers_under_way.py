#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that are under way: what clients ask for and do not take has its bound, from before it is made; work for a
client that is gone ends; and of what was asked for before a lock nothing is there when the lock has answered."""

import array
import fcntl
import json
import os
import re
import selectors
import signal
import socket
import termios

import near  # noqa: F401
from harness import main, test
from memory import dump, look_for
from rpc import Refused, value_of
from waiting import Stopwatch, wait_until

SIOCOUTQ = termios.TIOCOUTQ


def laptop(world):
    world.start_server()
    device = world.device("laptop")
    device.create()
    device.put("note", b"value")
    return device


def memory(device, what):
    """VmRSS or VmHWM (the most it ever was) in MiB."""
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(found.split()[1]) // 1024 for found in status if found.startswith(f"{what}:"))


def request(method, number, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def line(message):
    return json.dumps(message).encode() + b"\n"


def calls_of(rpc, method):
    """How often it was called since the daemon began."""
    text = rpc.call("daemon.metrics")["openmetrics"]
    found = re.search(rf'calls_total{{method="{re.escape(method)}"}} (\d+)', text)
    return int(found[1]) if found else 0


# -- Too many answers


def full_laptop(world):
    """A locked one with so much in it that a page of an export is as large as it may be."""
    device = laptop(world)
    for number in range(8):
        device.put(f"photo {number}", os.urandom(60_000))
    device.ok("lock")
    return device


BATCH = line([request("vault.export", number) for number in range(100)])


def send_what_fits(client, count):
    client.socket.setblocking(False)
    try:
        for _ in range(count):
            client.socket.sendall(BATCH)
    except BlockingIOError:
        pass
    client.socket.settimeout(60)


def read_to_the_end(client):
    """What was on its way to a client that was let go, or went itself."""
    client.socket.shutdown(socket.SHUT_WR)
    seen = 0
    try:
        while more := client.socket.recv(1 << 20):
            seen += len(more)
    except ConnectionResetError:
        pass
    return seen


@test(proves="B06")
def batches_whose_answers_nobody_reads_have_their_bound_and_keep_nobody_out(world):
    device = full_laptop(world)
    before = memory(device, "VmHWM"), memory(device, "VmRSS")
    deaf = [device.rpc() for _ in range(8)]
    for client in deaf:
        send_what_fits(client, 128)
    with device.rpc() as rpc:
        for _ in range(20):
            assert rpc.call("vault.export")["objects"]
        rpc.call("vault.lock")
    print(f"8 x 128 batches of 100 exports: {memory(device, 'VmHWM')} MiB, {before[0]} before")
    assert memory(device, "VmHWM") - before[0] < 192
    for client in deaf:
        read_to_the_end(client)
        client.socket.close()
    assert memory(device, "VmHWM") - before[0] < 192
    wait_until(lambda: memory(device, "VmRSS") < before[1] + 32, "the memory is given back")


@test(proves="B07")
def one_batch_whose_answers_are_large_has_the_bound_of_one_answer(world):
    device = full_laptop(world)
    with device.rpc() as rpc:
        answers = rpc.raw(BATCH[:-1])
    good = [answer for answer in answers if "result" in answer]
    kinds = {answer["error"]["data"]["kind"] for answer in answers if "error" in answer}
    assert len(answers) == 100 and 30 < len(good) < 80 and kinds == {"E_LIMIT"}, (len(good), kinds)


@test(proves="B08")
def nothing_more_is_made_for_a_client_that_is_gone(world):
    device = full_laptop(world)
    before = memory(device, "VmRSS")
    client = device.rpc()
    client.socket.sendall(BATCH * 128)  # as many as are at work at once: then it is not read from
    with device.rpc() as rpc:
        wait_until(lambda: calls_of(rpc, "vault.export") > 20, "they are at work")
        client.socket.close()
        wait_until(lambda: "vaultd_connections 1" in rpc.call("daemon.metrics")["openmetrics"], "its connection has ended")
        made = calls_of(rpc, "vault.export")
    print(f"{made} of 12800 exports were made")
    assert made < 400, made
    wait_until(lambda: memory(device, "VmRSS") < before + 32, "the memory is given back")


@test(proves="B11")
def a_small_question_waits_for_nobody_and_a_large_one_until_those_who_do_not_read_give_way(world):
    device = full_laptop(world)
    deaf = [device.rpc() for _ in range(8)]
    for client in deaf:
        client.socket.sendall(BATCH)
    with device.rpc() as rpc:
        wait_until(lambda: calls_of(rpc, "vault.export") >= 8, "they are at work")
        for _ in range(100):
            assert rpc.call("vault.status")["vault"]["state"] == "locked"
        assert rpc.call("vault.export")["objects"]
    for client in deaf:
        client.socket.close()


# -- A lock


class Readers:
    """Clients that have asked for much and read all that comes, in one thread: what was taken when is certain."""

    def __init__(self, device, count, calls):
        self.selector, self.clients = selectors.DefaultSelector(), [device.rpc() for _ in range(count)]
        self.good = self.refused = 0
        for client in self.clients:
            client.socket.sendall(b"".join(line(request("item.get", number, name="large")) for number in range(calls)))
            self.selector.register(client.socket, selectors.EVENT_READ, client)
        self.left = count * calls

    def read_until(self, condition):
        watch = Stopwatch()
        while not condition():
            assert watch.seconds < 60, "waited a minute in vain"
            for key, _ in self.selector.select(1):
                self.take(key.data)

    def take(self, client):
        client.buffer += client.socket.recv(1 << 20)
        *lines, client.buffer = client.buffer.split(b"\n")
        for text in lines:
            self.good += b'"result"' in text
            self.refused += b'"E_LOCKED"' in text
            self.left -= 1

    def lock(self, rpc):
        """Reads on until the lock has answered; nothing that a client had not taken by then comes after it."""
        number = rpc.send("vault.lock", {})
        self.selector.register(rpc.socket, selectors.EVENT_READ, None)
        while True:
            ready = [key for key, _ in self.selector.select(30)]
            assert ready, "the lock was not answered"
            if any(key.data is None for key in ready):
                break
            for key in ready:
                self.take(key.data)
        assert rpc.receive()["id"] == number

    def close(self):
        for client in self.clients:
            client.socket.close()


def look_at_once(device, secrets):
    """What of them is in its memory at this very moment."""
    os.kill(device.process.pid, signal.SIGSTOP)
    try:
        return look_for(secrets, dump(device.process.pid))
    finally:
        os.kill(device.process.pid, signal.SIGCONT)


@test(proves="L08")
def of_gets_under_way_none_succeeds_after_a_lock_and_no_value_is_left_in_memory(world):
    device = laptop(world)
    secret = os.urandom(24).hex()
    device.put("large", (secret * 1400)[:65_000].encode())
    succeeded = refused = left = 0
    for _ in range(20):
        with device.rpc() as rpc:
            readers = Readers(device, 8, 90)
            readers.read_until(lambda: readers.good > 40)
            readers.lock(rpc)
            left += bool(look_at_once(device, {"the value": secret.encode()}))
            at_the_lock = readers.good
            readers.read_until(lambda: readers.left == 0)
            succeeded += readers.good - at_the_lock
            refused += readers.refused
            assert readers.good + readers.refused == 720, (readers.good, readers.refused)
            readers.close()
            rpc.call("vault.unlock", password=world.password)
    print(f"after 20 locks {succeeded} gets succeeded and {refused} were refused; values were in memory in {left} of 20 tries")
    assert (succeeded, left) == (0, 0)


def untaken(sock):
    """Bytes that it has sent and that the other side has not received."""
    size = array.array("i", [0])
    fcntl.ioctl(sock, SIOCOUTQ, size)
    return size[0]


@test(proves="L08")
def nor_is_one_that_was_on_its_way_in(world):
    device = laptop(world)
    left = refused = 0
    for turn in range(20):
        secret = os.urandom(24).hex()
        text = line(request("item.put", 1, name="large", value=(secret * 1400)[:65_000]))
        writers = [device.rpc() for _ in range(8)]
        for writer in writers:
            writer.socket.sendall(text)
        wait_until(lambda: not any(untaken(writer.socket) for writer in writers), "they have been received")
        with device.rpc() as rpc:
            rpc.call("vault.lock")
            left += bool(look_at_once(device, {"the value": secret.encode()}))
            rpc.call("vault.unlock", password=world.password)
        for writer in writers:
            refused += "error" in writer.receive()
            writer.socket.close()
    print(f"values were in memory in {left} of 20 tries; {refused} of 160 puts were refused")
    assert left == 0


@test(proves="L08")
def a_client_that_does_not_read_is_cut_off_by_a_lock_and_its_values_are_gone(world):
    device = laptop(world)
    secret = os.urandom(24).hex()
    device.put("large", (secret * 1400)[:65_000].encode())
    deaf = [device.rpc() for _ in range(4)]
    for client in deaf:
        client.socket.sendall(b"".join(line(request("item.get", number, name="large")) for number in range(60)))
    with device.rpc() as rpc, device.rpc() as idle:
        assert len(idle.get("large")) == 65_000
        wait_until(lambda: calls_of(rpc, "item.get") > 4 * 16, "they are at work")
        watch = Stopwatch()
        rpc.call("vault.lock")
        seconds = watch.seconds
        assert not look_at_once(device, {"the value": secret.encode()})
        assert idle.call("vault.status")["vault"]["state"] == "locked", "who reads is not cut off"
    print(f"the lock took {seconds:.2f} s")
    assert seconds < 10, "and not the half minute for which a client may leave its answers"
    for client in deaf:
        assert read_to_the_end(client) < 60 * 65_000
        client.socket.close()


@test(proves="L08")
def a_batch_that_reads_and_locks_is_answered_whole(world):
    device = laptop(world)
    with device.rpc() as rpc:
        batch = [request("item.get", 1, name="note"), request("vault.lock", 2), request("item.get", 3, name="note")]
        watch = Stopwatch()
        answers = rpc.raw(json.dumps(batch).encode())
        assert value_of(answers[0]["result"]) == b"value" and answers[1]["result"] == {}, answers
        assert answers[2]["error"]["data"]["kind"] == "E_LOCKED"
        assert watch.seconds < 10
        try:
            rpc.get("note")
            raise AssertionError("it is locked")
        except Refused as refusal:
            assert refusal.kind == "E_LOCKED"


if __name__ == "__main__":
    main()
