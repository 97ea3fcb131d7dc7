#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many strangers at a server, in a process of their own: crowd.py WHAT PORT COUNT [MORE]

Says "ready" when the attack is in full swing, goes on until SIGTERM, then prints what it counted as JSON.
  idle      COUNT connections that say nothing
  heavy     COUNT connections that send nearly all of a body of 4 MiB, and then a byte a second; in full swing when the
            server has cut off some of them
  trickle   COUNT connections that send a body a byte at a time
  guesses   wrong passwords for ACCOUNT from COUNT addresses, as fast as they are answered; in full swing when most are
            refused untried
  hello     COUNT connections that send the first so many bytes of a TLS hello, "whole" for all of it, and wait; in
            full swing when the server serves one who came after them
  shaken    COUNT connections that shake hands over TLS, and then say nothing
  announce  COUNT connections a second, each of which announces a body of 4 MiB and sends nothing of it
  asking    prelogins and sessions for names made up, over COUNT connections, as fast as they are answered
"""

import json
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time
from collections import Counter

import near  # noqa: F401
from caller import AUTH, Line, prelogin, raw_request
from vaultformat.cursor import var8

over = threading.Event()
counts, lock = Counter(), threading.Lock()
BODY = 4 << 20
PATIENCE_SECONDS = 50  # of one who waits behind a crowd; whoever started this waits for 60
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


def ready():
    print("ready", flush=True)


def count(what, number=1):
    with lock:
        counts[what] += number


def connect(port):
    """However long the server takes to accept it."""
    while not over.is_set():
        try:
            return socket.create_connection(("127.0.0.1", port), 20)
        except OSError:
            count("not connected")


def idle(port, number):
    held = [connect(port) for _ in range(number)]
    ready()
    over.wait()
    count_closed(held)


def count_closed(held):
    poll = select.poll()
    for client in held:
        poll.register(client, select.POLLIN | select.POLLRDHUP)
    counts["closed"] = sum(1 for _, events in poll.poll(0) if events & (select.POLLHUP | select.POLLRDHUP))


def client_side():
    """A TLS client without a socket, and what it has to send."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return TLS.wrap_bio(incoming, outgoing), incoming, outgoing


def hello_of_a_client():
    side, _, outgoing = client_side()
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def hello(port, number, first):
    whole = hello_of_a_client()
    part = whole if first == "whole" else whole[: int(first)]
    held = []
    for _ in range(number):
        held.append(connect(port))
        held[-1].sendall(part)
    is_served_last(port)
    ready()
    over.wait()
    count_closed(held)


def shake_hands(client):
    side, incoming, outgoing = client_side()
    while True:
        try:
            side.do_handshake()
            break
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
            incoming.write(client.recv(1 << 14))
    client.sendall(outgoing.read())


def is_served_last(port):
    """Shakes hands and goes: the server takes strangers in their order, so it has seen what those before have sent."""
    with connect(port) as client:
        client.settimeout(PATIENCE_SECONDS)
        shake_hands(client)


def shaken(port, number):
    held = []
    for _ in range(number):
        held.append(connect(port))
        shake_hands(held[-1])
    ready()
    over.wait()
    count_closed(held)


def announce(port, rate, source):
    """From `source`; each is kept open for as long as the server likes."""
    head = raw_request("POST", "/v1/account", b"", []).replace(b"Content-Length: 0", b"Content-Length: %d" % BODY)
    held, began = [], time.monotonic()
    while not over.is_set():
        try:
            held.append(socket.create_connection(("127.0.0.1", port), 20, (source, 0)))
            held[-1].sendall(head)
        except OSError:
            count("not connected")
        if len(held) == 4 * rate:
            ready()
        if len(held) > 800:
            held.pop(0).close()
        count("announced")
        over.wait(max(0, began + counts["announced"] / rate - time.monotonic()))


def upload(port, first, pause):
    """A body of 4 MiB, again and again: so many bytes at once, then one at each pause."""
    head = raw_request("POST", "/v1/account", b"", [])[:-4].replace(b"Content-Length: 0", b"Content-Length: %d" % BODY)
    while not over.is_set():
        client = connect(port)
        try:
            client.sendall(head + b"\r\n\r\n" + b"x" * first)
            count("under way")
            while not over.is_set():
                if select.select([client], [], [], pause)[0]:
                    raise ConnectionError("the server answers before the body is there, and closes")
                client.sendall(b"x")
        except OSError:
            count("cut off")
        finally:
            client.close()


def uploads(number, first, pause, port, cut_off=0):
    for _ in range(number):
        threading.Thread(target=upload, args=(port, first, pause), daemon=True).start()
    while counts["under way"] + counts["cut off"] < number or counts["cut off"] < cut_off:
        if over.wait(0.05):
            return
    ready()
    over.wait()


def guess(port, source, account, vault_id):
    forged = "0" * 128
    line = Line(port, source)
    while not over.is_set():
        line.send(raw_request("POST", "/v1/session", var8(account.encode()) + vault_id + AUTH))
        session = line.receive().body[:16].hex()
        line.send(raw_request("GET", "/v1/heads", headers=[f"Authorization: Vaultd {session},1,{forged}"]))
        count(line.receive().status)


def guesses(port, number, account):
    vault_id, began = prelogin(port, account)[1], time.monotonic()
    for n in range(number):
        threading.Thread(target=guess, args=(port, f"127.0.1.{n + 1}", account, vault_id), daemon=True).start()
    while counts[429] < 1000 and not over.wait(0.02):
        pass
    ready()
    over.wait()
    counts["seconds"] = time.monotonic() - began


def ask(port, n):
    line, number = Line(port), 0
    while not over.is_set():
        names = [b"made.up.%d.%d" % (n, number + i) for i in range(64)]
        number += 64
        line.send(b"".join(raw_request("POST", "/v1/prelogin", var8(name)) + raw_request(
            "POST", "/v1/session", var8(name) + bytes(32)) for name in names))
        for _ in range(128):
            count(line.receive().status)


def asking(port, number):
    for n in range(number):
        threading.Thread(target=ask, args=(port, n), daemon=True).start()
    while counts[200] < 1000 and not over.wait(0.02):
        pass
    ready()
    over.wait()


def main():
    what, port, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    attacks = {
        "idle": lambda: idle(port, number),
        "heavy": lambda: uploads(number, BODY - 65536, 1, port, cut_off=number // 5),
        "trickle": lambda: uploads(number, 1, 0.05, port),
        "guesses": lambda: guesses(port, number, sys.argv[4]),
        "hello": lambda: hello(port, number, sys.argv[4]),
        "shaken": lambda: shaken(port, number),
        "announce": lambda: announce(port, number, sys.argv[4]),
        "asking": lambda: asking(port, number),
    }
    attacks[what]()
    with lock:
        print(json.dumps({str(key): value for key, value in counts.items()}), flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
