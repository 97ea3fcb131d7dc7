#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the release programs take, each operation beside the floor of this machine measured in the same run, as a table
and a JSON file. It never fails on a time: machines differ, ratios are for people to read.

bench.py BUILD FLOORS_BUILD OUT.json
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import near  # noqa: F401
from harness import World
from rpc import Rpc
from waiting import Stopwatch, wait_until

ROUNDS = 5
PUTS, GETS, ITEMS = 200, 1000, 10_000
VALUE = "v" * 300


def each_us(times, once):
    """The median of so many, in microseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter_ns()
        once()
        took.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(took)


def whole_us(once):
    watch = Stopwatch()
    once()
    return watch.seconds * 1e6


class Bench:
    def __init__(self, world, floors):
        self.world, self.floors_program = world, Path(floors).resolve() / "vault_bench_floors"
        self.rows, self.round = {}, 0
        world.start_server()
        self.device = world.device("laptop", "vaultd")
        self.device.create()
        self.rpc = self.device.rpc()
        self.load()
        self.start_echo()

    def load(self):
        calls = ({"name": f"load/{n:05}", "value": VALUE} for n in range(ITEMS))
        chunks = [[next(calls) for _ in range(500)] for _ in range(ITEMS // 500)]
        for chunk in chunks:
            self.rpc.call("item.put_many", items=chunk)
        self.device.sync()

    def start_echo(self):
        """The floor of a call: the same client, and a server that does nothing."""
        path = self.world.folder / "echo"
        argv = [self.floors_program, "--echo", path]
        self.echo_server = subprocess.Popen(argv, stdin=subprocess.PIPE)
        wait_until(path.exists, "the echo server")
        self.echo = Rpc(path)

    def end(self):
        self.rpc.socket.close()
        self.echo.socket.close()
        self.echo_server.stdin.close()
        self.echo_server.wait()

    def add(self, row, ours, floor, floor_is):
        one = self.rows.setdefault(row, {"ours_us": [], "floor_us": [], "floor_is": floor_is})
        one["ours_us"].append(ours)
        one["floor_us"].append(floor)

    def ping(self):
        return each_us(GETS, lambda: self.echo.raw(b'{"jsonrpc":"2.0","id":1,"value":"%s"}' % VALUE.encode()))

    def put_one(self, number=iter(range(10**9))):
        self.rpc.call("item.put", name=f"put/{next(number)}", value=VALUE)

    def put_sixteen(self, number=iter(range(10**9))):
        calls = (("item.put", {"name": f"many/{next(number)}", "value": VALUE}) for _ in range(PUTS * 4))
        return whole_us(lambda: list(self.rpc.many(calls, under_way=16))) / (PUTS * 4)

    def echo_sixteen(self):
        """What the client alone needs for a call when sixteen are under way."""
        line = b'{"jsonrpc":"2.0","id":1,"result":"%s"}' % VALUE.encode()
        for _ in range(16):
            self.echo.write(line)

        def once():
            self.echo.receive()
            self.echo.write(line)

        took = each_us(PUTS * 4, once)
        for _ in range(16):
            self.echo.receive()
        return took

    def list_all(self):
        pages = list(self.list_pages())
        assert sum(len(page["items"]) for page in pages) == ITEMS
        return [json.dumps(page) for page in pages]

    def list_pages(self):
        page = self.rpc.call("item.list", prefix="load/")
        yield page
        while "cursor" in page:
            page = self.rpc.call("item.list", prefix="load/", cursor=page["cursor"])
            yield page

    def join(self):
        self.round += 1
        device = self.world.device(f"phone{self.round}", "vaultd")
        took = whole_us(device.join)
        assert device.status()["items"] >= ITEMS
        device.stop()
        return took

    def unlock(self):
        self.device.ok("lock")
        return whole_us(self.device.unlock)

    def run_round(self):
        floor = json.loads(subprocess.check_output([self.floors_program, self.floor_folder()]))
        ping = self.ping()
        commit, sync = floor["lmdb_commit_us"], floor["append_fdatasync_us"]
        self.device.sync()
        put = each_us(PUTS, self.put_one)
        self.add("durable put", put, commit + ping, "LMDB durable commit + socket round trip")
        self.add("durable put, beside a log", put, sync + ping, "append + fdatasync + socket round trip")
        self.device.sync()
        batched = floor["lmdb_commit_of_16_us"] / 16 + self.echo_sixteen()
        self.add("durable put, 16 under way, each", self.put_sixteen(), batched,
                 "a sixteenth of an LMDB commit of 16 + the client's own work")
        self.device.sync()
        for row, name in (("get", "put/7"), ("get, written in a batch of 500", "load/00007")):
            get = each_us(GETS, lambda: self.rpc.call("item.get", name=name))
            self.add(row, get, ping + floor["seal_us"], "socket round trip + HKDF and AES-GCM")
        texts = self.list_all()
        read = whole_us(lambda: [json.loads(text) for text in texts])
        self.add(f"list {ITEMS}", whole_us(lambda: list(self.list_pages())), len(texts) * ping + read,
                 "a socket round trip a page + the client's own work")
        derive = floor["argon2_us"]
        self.add("unlock", self.unlock(), derive, "Argon2id alone")
        load = ITEMS * floor["seal_us"] + floor["lmdb_load_10000_us"]
        self.add(f"join of {ITEMS}", self.join(), derive + load, "Argon2id + AES-GCM of each + LMDB load")

    def floor_folder(self):
        folder = self.world.folder / f"floors{self.round}"
        folder.mkdir(exist_ok=True)
        return folder

    def report(self):
        report = {}
        for row, one in self.rows.items():
            ours, floor = statistics.median(one["ours_us"]), statistics.median(one["floor_us"])
            report[row] = {"ours_us": round(ours, 1), "floor_us": round(floor, 1), "ratio": round(ours / floor, 2),
                           "floor_is": one["floor_is"], "rounds": ROUNDS}
        return report


def shown(microseconds):
    return f"{microseconds / 1000:.0f} ms" if microseconds >= 10_000 else f"{microseconds:.0f} us"


def print_table(report):
    print(f"{'':34}{'ours':>10}{'floor':>10}{'ratio':>8}  floor is")
    for row, one in report.items():
        print(f"{row:34}{shown(one['ours_us']):>10}{shown(one['floor_us']):>10}{one['ratio']:>8}  {one['floor_is']}")


def main():
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} BUILD FLOORS_BUILD OUT.json")
    world = World(sys.argv[1])
    try:
        bench = Bench(world, sys.argv[2])
        for _ in range(ROUNDS):
            bench.run_round()
        bench.end()
        world.settle()
        print_table(bench.report())
        Path(sys.argv[3]).write_text(json.dumps(bench.report(), indent=2) + "\n")
    finally:
        world.destroy()


if __name__ == "__main__":
    main()
