# SPDX-License-Identifier: Apache-2.0
"""A network switch of one process, between interfaces of the namespace it runs in: every frame goes to all others.

It can be a bad one, where the kernel has no netem. Commands come on stdin, a line each: `delay SECONDS` and `loss SHARE`
hold for every frame, `drop PORT` and `carry PORT` decide whether anything passes there. Says "ready" first.
"""

import heapq
import random
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, ETH_P_ALL = 263, 15, 3
FRAME = 1 << 17


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)  # so that checksums left to the hardware stay left to it
    port.bind((name, ETH_P_ALL))
    return port


class Switch:
    def __init__(self, names):
        self.ports = {open_port(name): name for name in names}
        self.delay, self.loss, self.dropped = 0.0, 0.0, set()
        self.late, self.count, self.luck = [], 0, random.Random(1)

    def obey(self, word, value):
        if word == "delay":
            self.delay = float(value)
        elif word == "loss":
            self.loss = float(value)
        elif word == "drop":
            self.dropped.add(value)
        elif word == "carry":
            self.dropped.discard(value)

    def take(self, port):
        frame, address = port.recvfrom(FRAME)
        outgoing = address[2] == socket.PACKET_OUTGOING
        if outgoing or self.ports[port] in self.dropped or self.luck.random() < self.loss:
            return
        self.count += 1
        heapq.heappush(self.late, (time.monotonic() + self.delay, self.count, port, frame))

    def give(self):
        while self.late and self.late[0][0] <= time.monotonic():
            _, _, source, frame = heapq.heappop(self.late)
            for port, name in self.ports.items():
                if port is not source and name not in self.dropped:
                    try:
                        port.send(frame)
                    except OSError:
                        pass  # a link that is down

    def run(self):
        print("ready", flush=True)
        while True:
            wait = max(0, self.late[0][0] - time.monotonic()) if self.late else None
            for one in select.select([sys.stdin, *self.ports], [], [], wait)[0]:
                if one is not sys.stdin:
                    try:
                        self.take(one)
                    except OSError:
                        pass
                elif line := sys.stdin.readline():
                    self.obey(*line.split())
                else:
                    return
            self.give()


Switch(sys.argv[1:]).run()
