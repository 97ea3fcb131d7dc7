#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What durability costs: many who write at once share the wait for the disk, one who waits for each answer pays for
each, and whoever only reads never waits behind it."""

import json

import near  # noqa: F401
from disk import Disk
from harness import main, test

WRITERS, EACH = 64, 40
ALONE = 200
PUSHED = 1000


def device_and_disk(world):
    """A vault that is open and has written once, with its server gone: only puts are left to wait for the disk."""
    world.start_server()
    disk, laptop = Disk(world, "laptop"), world.device("laptop", start=False)
    laptop.start(**disk.env)
    laptop.create()
    laptop.sync()
    world.server.stop()
    laptop.put("first", b"")
    laptop.fails(10, "sync")
    disk.waits.forget()
    return laptop, disk


def requests(writer):
    for number in range(EACH):
        params = {"name": f"{writer}/{number}", "value": f"value {number}"}
        yield json.dumps({"jsonrpc": "2.0", "id": number, "method": "item.put", "params": params}) + "\n"


def never_on_the_loop(calls):
    """The thread that serves everybody has the number of its process."""
    assert all(pid != thread for pid, thread, *_ in calls), calls


@test
def sixty_four_writers_at_once_share_each_wait_for_the_disk(world):
    laptop, disk = device_and_disk(world)
    clients = [laptop.rpc() for _ in range(WRITERS)]
    for writer, client in enumerate(clients):
        client.socket.sendall("".join(requests(writer)).encode())
    for client in clients:
        for _ in range(EACH):
            client.result(client.receive())
        client.socket.close()
    syncs = disk.waits.syncs()
    print(f"{WRITERS * EACH} puts of {WRITERS} writers: {len(syncs)} fsyncs")
    assert 0 < len(syncs) <= WRITERS * EACH / 20, f"{len(syncs)} fsyncs"
    never_on_the_loop(disk.waits.calls())
    assert len(laptop.names()) == WRITERS * EACH + 1


@test
def a_round_without_news_waits_for_no_disk(world):
    world.start_server()
    disk, laptop = Disk(world, "laptop"), world.device("laptop", start=False)
    laptop.start(**disk.env)
    laptop.create()
    laptop.put("first", b"")
    for _ in range(3):
        laptop.sync()
    disk.waits.forget()
    for _ in range(10):
        laptop.sync()
    assert not disk.waits.syncs(), disk.waits.syncs()
    laptop.put("second", b"")
    assert disk.waits.syncs(), "a write does wait"


@test
def a_writer_who_waits_for_each_answer_pays_one_fsync_each(world):
    laptop, disk = device_and_disk(world)
    with laptop.rpc() as rpc:
        for number in range(ALONE):
            rpc.put(f"note/{number}", b"value")
            assert len(disk.waits.syncs()) == number + 1, "it was answered when it was on the disk, and not before"
    assert {call for *_, call, _ in disk.waits.syncs()} == {"fdatasync"}
    never_on_the_loop(disk.waits.calls())


@test
def reading_and_asking_never_waits_for_the_disk(world):
    laptop, disk = device_and_disk(world)
    with laptop.rpc() as rpc:
        for _ in range(20):
            rpc.get("first")
            list(rpc.list())
            rpc.call("vault.status")
    assert disk.waits.calls() == []


@test
def a_push_of_a_thousand_commits_waits_a_few_times_on_each_side(world):
    here, there = Disk(world, "laptop"), Disk(world, "server")
    laptop = world.device("laptop", start=False).start(**here.env)
    world.start_server()
    laptop.create()
    laptop.sync()
    world.server.stop()
    with laptop.rpc() as rpc:
        params = ({"name": f"note/{number}", "value": "x" * 100} for number in range(PUSHED))
        assert len(list(rpc.many((("item.put", p) for p in params)))) == PUSHED
    here.waits.forget()
    world.server.env = {**world.server.env, **there.env}
    world.server.start()
    there.waits.forget()
    laptop.sync()
    counts = len(here.waits.syncs()), len(there.waits.syncs())
    print(f"a push of {PUSHED} commits: {counts[0]} fsyncs of the daemon, {counts[1]} of the server")
    assert 0 < counts[0] <= 10 and 0 < counts[1] <= 10, counts
    never_on_the_loop(here.waits.calls())
    assert laptop.status()["sync"]["pending"] == 0


if __name__ == "__main__":
    main()
