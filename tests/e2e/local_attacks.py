#!/usr/bin/python3
"""What the other users of a machine, and hostile programs of the same user, can do to a daemon through its socket, its
folders and its process: nothing, or slow it a little while they try."""

import json
import statistics
from collections import Counter

from harness import main, test
from waiting import Stopwatch, wait_until


def memory(device, what):
    """VmRSS or VmHWM (the most it ever was) in MiB."""
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith(f"{what}:"))


def median_of_gets(device, count=60):
    """Milliseconds of a connection, a get and its answer."""
    times = []
    for _ in range(count):
        watch = Stopwatch()
        with device.rpc() as rpc:
            assert rpc.get("note") == b"value"
        times.append(watch.seconds * 1000)
    return statistics.median(times)


def laptop(world, program="vaultd_test"):
    world.start_server()
    device = world.device("laptop", program)
    device.create()
    device.put("note", b"value")
    return device


# -- Guessing

GUESSERS, EACH = 50, 200


def guesses(guesser):
    for number in range(EACH):
        params = {"password": f"guess {guesser} {number}"}
        yield json.dumps({"jsonrpc": "2.0", "id": number, "method": "vault.unlock", "params": params}) + "\n"


@test
def of_ten_thousand_guesses_at_once_a_few_are_tried_one_after_the_other(world):
    device = laptop(world, "vaultd")
    before = median_of_gets(device)
    clients = [device.rpc() for _ in range(GUESSERS)]
    for guesser, client in enumerate(clients):
        client.socket.sendall("".join(guesses(guesser)).encode())
    during = median_of_gets(device)
    answers = [client.receive()["error"] for client in clients for _ in range(EACH)]
    for client in clients:
        client.socket.close()
    kinds = Counter(answer["data"]["kind"] for answer in answers)
    print(f"{dict(kinds)}; a get took {before:.1f} ms before, {during:.1f} ms meanwhile")
    assert kinds["E_AUTH"] + kinds["E_BUSY"] == GUESSERS * EACH and 1 <= kinds["E_AUTH"] <= 6, kinds
    assert during < 2 * before + 50
    assert memory(device, "VmHWM") < 256 + 200, "one derivation at a time"
    assert "second" in device.fails(12, "unlock", password=world.password), "no password is tried now"
    wait_until(lambda: device.ctl("unlock", password=world.password).code == 0, "the right one again")


def wrong(device, times):
    """So many wrong passwords that were tried, with the waits between them."""
    for _ in range(times):
        wait_until(lambda: device.ctl("unlock", password="wrong").code == 6, "a wrong password is tried")


@test
def a_wait_after_wrong_passwords_outlives_a_kill_and_ends_with_the_right_one(world):
    device = laptop(world)
    device.ok("lock")
    for _ in range(5):
        device.fails(6, "unlock", password="a person mistypes")
    wrong(device, 2)
    watch = Stopwatch()
    device.kill()
    device.start()
    assert "second" in device.fails(12, "unlock", password=world.password)
    wait_until(lambda: device.ctl("unlock", password=world.password).code == 0, "the right password is tried")
    assert watch.seconds > 1, "two seconds from the start of the new one"
    for _ in range(5):
        device.fails(6, "unlock", password="free again")


@test
def what_cannot_be_a_password_is_no_guess(world):
    device = laptop(world)
    for _ in range(8):
        device.fails(2, "unlock", password="")
    device.unlock()


if __name__ == "__main__":
    main()
