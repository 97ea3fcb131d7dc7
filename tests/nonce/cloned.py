#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two daemons from one state: a disk that was cloned, a machine that was resumed twice. Whether or not they can tell that
they are two, in turns and at once, at one honest server and at two copies of it: no write of either is lost, and no key
has met an IV twice."""

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor

import near  # noqa: F401
from scenario import (READER, SOAK, audited, export_of, main, put_many, sealed, sealings_of_export, show_row,
                      test)

CLAIMS = "1"

WRITES = 2000 if SOAK else 100
SAME = "4711,1700000000"  # inode and second of birth of both folders


def of(word):
    return [f"{word}/{n:04}" for n in range(WRITES)]


def values(*words):
    return {name: f"{word} {name}".encode() for word in words for name in of(word)}


def write(device, word):
    put_many(device, of(word), lambda name: f"{word} {name}".encode())


def twins(world, alike, constant):
    """A laptop that has written and synced, and its clone; both locked, and at one server."""
    world.start_server()
    env = {"VAULT_FOLDER_ID": SAME} if alike else {}
    one, other = (audited(world, name, constant=constant, **env) for name in ("laptop", "clone"))
    if alike:
        for device in (one, other):
            device.env["LD_PRELOAD"] = device.disk.env["LD_PRELOAD"]
    one.start()
    one.create()
    write(one, "first")
    one.sync()
    one.stop()
    other.vault_folder.parent.mkdir(parents=True, mode=0o700)
    shutil.copytree(one.vault_folder, other.vault_folder)
    other.vault_folder.chmod(0o700)
    return one, other


def settled(device):
    """In touch with the server, and whoever it has to be for that."""
    for _ in range(4):
        if device.ctl("sync").code == 0 and device.status()["identity"]["state"] == "sound":
            return
        device.unlock()
    raise AssertionError(f"{device.name} does not settle: {device.status()}")


def formers(*devices):
    return len({former for device in devices for former in device.status()["identity"]["former"]})


def third_device_has(world, wanted, constant):
    third = audited(world, "third", constant=constant).start()
    third.join()
    have = third.values()
    assert all(have[name] == value for name, value in wanted.items() if name in have)
    return len(wanted.keys() - have.keys())


def all_is_there(world, scenario, one, other, constant, wanted, again):
    for device in (one, other, one, other):
        settled(device)
    lost = third_device_has(world, values(*wanted), constant)
    audit = sealed(world)
    audit.check({"laptop.1": WRITES, "laptop.2": WRITES * (len(wanted) // 2), "clone.1": WRITES})
    places = {(s.device, s.counter, s.text) for s in audit.sealings if s.kind == 1}
    repeated = len(places) - len({place[:2] for place in places})
    assert not again or repeated >= WRITES, "no counter came again: this proves nothing"
    rolled = formers(one, other)
    assert rolled >= 1 and lost == 0, (rolled, lost)
    show_row(scenario, audit, WRITES * len(wanted), lost, rolled)
    return audit


def in_turns(world, scenario, alike, constant):
    """Each is on-line alone, one after the other."""
    one, other = twins(world, alike, constant)
    one.start()
    one.unlock()
    write(one, "laptop")
    one.sync()
    one.stop()
    other.start()
    other.unlock()
    write(other, "clone!")
    settled(other)
    one.start()
    one.unlock()
    all_is_there(world, scenario, one, other, constant, ("first", "laptop", "clone!"), again=False)


def at_once(world, scenario, alike, constant):
    """Both write off-line, under the same numbers where they cannot tell, and meet the server together."""
    one, other = twins(world, alike, constant)
    world.server.stop()
    for device in (one, other):
        device.start()
        device.unlock()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (one, other), ("laptop", "clone!")))
    world.server.start()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(settled, (one, other)))
    all_is_there(world, scenario, one, other, constant, ("first", "laptop", "clone!"), again=alike)


def at_two_copies(world, scenario, constant=False):
    """The server is two as well: each clone has one of its own, and a third device that saw one is shown the other."""
    one, other = twins(world, True, constant)
    third = audited(world, "phone", constant=constant).start()
    third.join()
    third.sync()  # what it has to say is at both copies
    third.stop()
    copy = world.server.copied("server-copy")
    one.start()
    one.unlock()
    write(one, "laptop")
    one.sync()
    third.start()
    third.unlock()
    third.sync()
    one.stop()
    world.server.goes_back(copy)
    other.start()
    other.unlock()
    write(other, "clone!")
    other.sync()
    third.fails(11, "sync")
    status = third.status()
    assert status["trust"]["state"] == "distrusted" and status["trust"]["reason"] == "E_FORK", status["trust"]
    assert status["identity"]["proofs"] == 2, status["identity"]
    proof_is_good(world, third)
    one.start()
    one.unlock()
    third.stop()
    audit = all_is_there(world, scenario, one, other, constant, ("first", "laptop", "clone!"), again=True)
    audit.check_seen({"laptop.2": WRITES, "clone.1": WRITES})


def proof_is_good(world, device):
    """The reader says so of its export, and refuses one in which a byte of the proof was changed."""
    export_of(world, device)
    folder = max(world.folder.glob("*.export"))
    proofs = sorted(folder.glob("proofs/*/*.bin"))
    assert len(proofs) == 2 and len({path.parent for path in proofs}) == 1
    raw = bytearray(proofs[0].read_bytes())
    raw[-1] ^= 1
    proofs[0].write_bytes(raw)
    try:
        sealings_of_export(READER, folder, world.folder / "password", "--allow-test-suite")
    except AssertionError as refused:
        assert "proofs/" in str(refused), refused
        return
    raise AssertionError("the reader takes a proof that proves nothing")


@test
def a_third_device_shown_both_branches_by_two_copies_of_a_server_has_the_proof(world):
    at_two_copies(world, "cloned, two servers")


@test
def so_it_has_if_the_random_generator_repeats(world):
    at_two_copies(world, "cloned, two servers, constant random", constant=True)


for scenario, alike, constant in itertools.product((in_turns, at_once), (True, False), (False, True)):
    def one_test(world, scenario=scenario, alike=alike, constant=constant):
        title = f"cloned, {scenario.__name__.replace('_', ' ')}, {'one fingerprint' if alike else 'two fingerprints'}"
        scenario(world, title + (", constant random" if constant else ""), alike, constant)
    one_test.__name__ = (f"two_clones_that_write_{scenario.__name__}_" +
                         ("and_cannot_tell" if alike else "and_can_tell") + "_lose_nothing_and_repeat_no_pair" +
                         ("_though_the_generator_does" if constant else ""))
    test(one_test)


if __name__ == "__main__":
    main()
