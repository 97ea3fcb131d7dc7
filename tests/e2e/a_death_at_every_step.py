#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon or the server is killed at any step that the sources name: it starts again, the repeated command succeeds,
every answered write is there, on the device and for another one that joins, and nothing is there twice."""

import re
import shutil
import signal
from collections import Counter

import near  # noqa: F401
from harness import TREE, main, test
from waiting import wait_until

CLAIMS = "4 6"

# Who dies in which flow, and where. A step that the sources name and nobody dies at is a failure, and the reverse.
STEPS = {
    ("create", "daemon"): ["create.before-send", "create.answered", "enrol.before-commit", "enrol.committed",
                           "crypto.commit-sealed"],
    ("create", "server"): ["account.checked", "account.before-commit", "account.stored", "append.before-commit",
                           "answer.sent"],
    ("join", "daemon"): ["pull.before-commit", "pull.page-stored", "join.journaled", "join.before-send",
                         "join.answered", "enrol.before-commit", "enrol.committed", "push.remembered"],
    ("join", "server"): ["keyring.checked", "keyring.before-commit", "keyring.stored", "append.stored", "answer.sent"],
    ("write", "daemon"): ["write.sealed", "write.before-commit", "write.committed", "crypto.commit-sealed"],
    ("witness", "daemon"): ["anchor.before-write"],
    ("roll", "daemon"): ["roll.before-commit", "roll.committed", "roll.before-send", "roll.answered",
                         "roll.acknowledged", "anchor.before-write"],
    ("roll", "server"): ["keyring.checked", "keyring.before-commit", "keyring.stored", "answer.sent"],
    ("late roll", "daemon"): ["roll.before-send", "roll.answered", "roll.acknowledged"],
    ("late roll", "server"): ["keyring.checked", "keyring.before-commit", "keyring.stored"],
    ("passwd", "daemon"): ["change.before-commit", "change.journaled", "change.before-send", "change.answered",
                           "verify.before-commit", "verify.committed"],
    ("passwd", "server"): ["keyring.checked", "keyring.before-commit", "keyring.stored", "answer.sent"],
    ("jump", "daemon"): ["jump.before-commit", "jump.committed", "verify.committed"],
    ("lock", "daemon"): ["write.sealed", "write.before-commit", "write.committed"],
    ("checkpoint", "daemon"): ["checkpoint.before-commit"],
    ("pull", "daemon"): ["pull.keyrings-stored", "pull.before-commit", "pull.page-stored", "verify.before-commit",
                         "verify.committed", "pull.remembered"],
    ("pull", "server"): ["answer.sent"],
    ("locked pull", "daemon"): ["pull.keyrings-stored", "pull.before-commit", "pull.page-stored",
                                "verify.before-commit", "verify.committed"],
    ("locked pull", "server"): ["answer.sent"],
    ("merge", "daemon"): ["merge.before-write"],
    ("push", "daemon"): ["push.before-send", "push.acknowledged", "push.remembered"],
    ("push", "server"): ["append.checked", "append.before-commit", "append.stored", "answer.sent"],
    ("large put", "daemon"): ["put.file-durable", "write.before-commit", "write.committed"],
    ("upload", "daemon"): ["upload.before-send", "upload.chunk-sent", "upload.before-confirm", "upload.confirmed",
                           "push.before-send"],
    ("upload", "server"): ["blob.before-commit", "blob.stored"],
    ("download", "daemon"): ["fetch.chunk-kept"],
    ("export", "daemon"): ["export.chunk-written"],
    ("eviction", "daemon"): ["evict.removed"],
    ("distrust", "daemon"): ["reject.remembered", "drop.before-commit"],
    ("repair", "daemon"): ["repair.keyrings-sent", "repair.before-send", "repair.page-sent"],
    ("repair", "server"): ["account.checked", "keyring.stored", "append.before-commit", "append.stored"],
    ("reunion", "daemon"): ["reunion.before-send", "reunion.answered", "reunion.stored", "repair.page-sent"],
    ("reunion", "server"): ["keyring.before-commit", "keyring.stored", "append.stored"],
    ("fork", "daemon"): ["repair.forgiven"],
    ("seed", "daemon"): ["repair.keyrings-sent", "repair.before-send", "repair.page-sent"],
    ("seed", "server"): ["account.before-commit", "account.stored", "keyring.before-commit", "append.checked"],
}
hits = Counter()


def killed_at(victim, step, act, passes=1):
    """Acts on a program that dies when it passes that step, and starts it again; it must have died there."""
    if victim.running:
        victim.stop()
    victim.launch(VAULT_FAULT=f"{step}:{passes}")
    wait_until(lambda: not victim.running or victim.is_up(), f"{victim.name} answers, or has died")
    act()
    wait_until(lambda: not victim.running, f"{victim.name} dies at {step}")
    assert victim.process.returncode == -9, f"{victim.name} ended with {victim.process.returncode} at {step}"
    hits[step] += 1
    victim.start()


def chosen(world, who, device):
    return {"daemon": device, "server": world.server}[who]


def started(device):
    """Unless it is the one that dies, and has been started, or is dead by now."""
    if device.process.returncode == 0:
        device.start()


def start_server(world):
    return world.start_server(program="vault-server_test")


def alone(world):
    """A laptop that has created its vault at a server which can die at any step."""
    start_server(world)
    laptop = world.device("laptop")
    laptop.create()
    return laptop


def try_to(device, *words, **more):
    """Asks, and lets the answer fail to come."""
    return lambda: device.ctl(*words, **{"password": device.world.password, **more})


def enrolled_again(device, verb):
    """The command, repeated: it succeeds, or says that it has been done."""
    said = device.ctl(*device.enrolment(verb), password=device.world.password)
    done = said.code == 0 or (said.code == 8 and device.status()["vault"]["state"] != "absent")
    assert done, f"the repeated {verb}: {said}"
    device.unlock()


def everybody_agrees(world, device, values, devices):
    """A witness that joins now has exactly these items, each written once, and no more devices than there are."""
    device.sync()
    assert device.status()["sync"]["pending"] == 0
    witness = world.device("witness")
    witness.join()
    assert witness.values() == values == device.values(), (witness.names(), device.names())
    with witness.rpc() as rpc:
        for name in values:
            assert len(rpc.call("item.history", name=name)["versions"]) == 1, name
    listed = [d for d in witness.status()["devices"] if d["status"] == "active"]
    assert len(listed) == devices + 1, listed


def create_dies(world, who, step):
    start_server(world)
    laptop = world.device("laptop")
    killed_at(chosen(world, who, laptop), step, try_to(laptop, *laptop.enrolment("create")))
    enrolled_again(laptop, "create")
    laptop.put("a", b"1")
    everybody_agrees(world, laptop, {"a": b"1"}, devices=1)


def join_dies(world, who, step):
    laptop = alone(world)
    laptop.put("a", b"1")
    laptop.sync()
    laptop.stop()
    phone = world.device("phone")
    killed_at(chosen(world, who, phone), step, try_to(phone, *phone.enrolment("join")))
    enrolled_again(phone, "join")
    phone.put("b", b"2")
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def write_dies(world, who, step):
    """The write that was not answered may be there or not; the one before it is, and the next one works."""
    laptop = alone(world)
    laptop.put("before", b"1")

    def act():
        laptop.ctl("unlock", password=world.password)
        laptop.ctl("put", "unanswered", input=b"2")

    killed_at(chosen(world, who, laptop), step, act)
    laptop.unlock()
    values = laptop.values()
    assert values.get("before") == b"1" and set(values) <= {"before", "unanswered"}, values
    laptop.put("after", b"3")
    everybody_agrees(world, laptop, {**values, "after": b"3"}, devices=1)


def witness_dies(world, who, step):
    """The witness of a write was not written: the write is there, and that is no reason for a new identity."""
    laptop = alone(world)

    def act():
        laptop.unlock()
        laptop.put("a", b"1")

    killed_at(chosen(world, who, laptop), step, act, passes=2)  # the first is the unlock's own
    laptop.unlock()
    assert laptop.status()["identity"]["former"] == []
    everybody_agrees(world, laptop, {"a": b"1"}, devices=1)


def rolled_back(world):
    """A laptop whose database is older than its witness, locked; what it lacks is at the server."""
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    laptop.stop()
    shutil.copyfile(laptop.vault_folder / "data.mdb", world.folder / "old.mdb")
    laptop.start()
    laptop.unlock()
    laptop.put("b", b"2")
    laptop.sync()
    laptop.stop()
    shutil.copyfile(world.folder / "old.mdb", laptop.vault_folder / "data.mdb")
    return laptop


def rolled_once(world, laptop, values):
    """It has a new identity, and all that it wrote before and after."""
    laptop.sync()
    now = laptop.status()["identity"]
    assert now["state"] == "sound" and now["former"], now
    laptop.put("c", b"3")
    everybody_agrees(world, laptop, {**values, "c": b"3"}, devices=1)


def roll_dies(world, who, step):
    start_server(world)
    laptop = rolled_back(world)

    def act():
        started(laptop)
        laptop.ctl("unlock", password=world.password)

    killed_at(chosen(world, who, laptop), step, act)
    if who == "server":
        laptop.ctl("sync")
    laptop.unlock()
    rolled_once(world, laptop, {"a": b"1", "b": b"2"})


def late_roll_dies(world, who, step):
    """The new identity was made off-line; a round sends it."""
    laptop = alone(world)
    laptop.put("a", b"1")
    laptop.sync()
    world.server.stop()
    laptop.stop()
    (laptop.vault_folder / "anchor").unlink()
    laptop.start()
    laptop.unlock()
    laptop.put("b", b"2")
    assert laptop.status()["identity"]["state"] == "roll_unsent"

    def act():
        started(laptop)
        if who == "daemon":
            world.server.start()
        laptop.ctl("sync")

    killed_at(chosen(world, who, laptop), step, act)
    laptop.sync()
    laptop.unlock()
    rolled_once(world, laptop, {"a": b"1", "b": b"2"})


NEW = "another horse, another battery"


def passwd_dies(world, who, step):
    """The new password is in force, or the old one is and the command can be repeated; in between both open it here."""
    start_server(world)
    laptop, phone = world.pair()
    laptop.put("a", b"1")
    laptop.sync()
    lines = f"{world.password}\n{NEW}\n"

    def act():
        started(laptop)
        laptop.ctl("passwd", password=lines)

    killed_at(chosen(world, who, laptop), step, act)
    laptop.sync()
    laptop.ok("lock")
    if laptop.ctl("unlock", password=NEW).code != 0:
        laptop.ok("passwd", password=lines)
        laptop.ok("lock")
        laptop.ok("unlock", password=NEW)
    assert laptop.status()["vault"]["change"] == "none"
    laptop.ok("lock")
    laptop.fails(6, "unlock", password=world.password)
    laptop.ok("unlock", password=NEW)
    phone.sync()
    world.password = NEW
    laptop.put("b", b"2")
    everybody_agrees(world, laptop, {"a": b"1", "b": b"2"}, devices=2)


def jump_dies(world, who, step):
    """A phone out of reach has written while the password was changed elsewhere; it meets the change while unlocked."""
    server = start_server(world)
    laptop, phone = world.pair()
    laptop.sync()
    phone.sync()

    def act():
        started(phone)
        server.stop()
        phone.unlock()
        phone.put("a", b"1")
        phone.put("b", b"2")
        phone.process.send_signal(signal.SIGSTOP)
        server.start()
        laptop.ok("passwd", password=f"{world.password}\n{NEW}\n")
        phone.process.send_signal(signal.SIGCONT)
        phone.ctl("sync")

    killed_at(phone, step, act)
    phone.ctl("unlock", password=world.password)
    phone.ctl("unlock", password=NEW)
    phone.sync()
    assert phone.status()["identity"]["former"] == [], phone.status()["identity"]
    assert phone.status()["vault"]["generation"] == 2
    world.password = NEW
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def lock_dies(world, who, step):
    """Many writes are under way when a lock comes; what was answered before the end is there."""
    laptop = alone(world)
    answered = {}

    def act():
        laptop.unlock()
        with laptop.rpc() as writes, laptop.rpc() as lock:
            names = {writes.send("item.put", {"name": f"n{n}", "value": str(n)}): n for n in range(40)}
            lock.send("vault.lock", {})
            try:
                for _ in names:
                    answer = writes.receive()
                    if "result" in answer:
                        answered[f"n{names[answer['id']]}"] = str(names[answer["id"]]).encode()
            except (EOFError, OSError):
                pass

    killed_at(chosen(world, who, laptop), step, act, passes=2)
    laptop.unlock()
    values = laptop.values()
    assert answered.items() <= values.items(), f"lost {sorted(answered.keys() - values.keys())}"
    everybody_agrees(world, laptop, values, devices=1)


def checkpoint_dies(world, who, step):
    """The index is stored beside the writes, after some thousands; what it would have saved is read again."""
    laptop = alone(world)
    answered = {}

    def act():
        laptop.unlock()
        with laptop.rpc() as rpc:
            try:
                for batch in range(5):
                    items = [{"name": f"{batch}/{n}", "value": str(n)} for n in range(1000)]
                    rpc.call("item.put_many", items=items)
                    answered.update({item["name"]: item["value"].encode() for item in items})
            except (EOFError, OSError):
                pass

    killed_at(chosen(world, who, laptop), step, act)
    laptop.unlock()
    names = set(laptop.names())
    assert answered.keys() <= names, f"lost {len(answered.keys() - names)} of {len(answered)}"
    laptop.put("after", b"3")
    laptop.restart()
    laptop.unlock()
    assert set(laptop.names()) == names | {"after"}


def pull_dies(world, who, step):
    start_server(world)
    laptop, phone = world.pair()
    phone.stop()
    laptop.put("a", b"1")
    laptop.sync()

    def act():
        started(phone)
        phone.ctl("unlock", password=world.password)
        laptop.put("b", b"2")
        laptop.ctl("sync")
        phone.ctl("sync")

    killed_at(chosen(world, who, phone), step, act)
    laptop.sync()
    phone.unlock()
    phone.sync()
    assert phone.get("a") == b"1"
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def merge_dies(world, who, step):
    """Two heads that say the same become one, once, whatever is cut."""
    start_server(world)
    laptop, phone = world.pair()
    world.server.stop()
    for device in (laptop, phone):
        device.put("a", b"the same")
    phone.stop()
    world.server.start()
    laptop.sync()

    def act():
        phone.ctl("unlock", password=world.password)
        phone.ctl("sync")

    killed_at(chosen(world, who, phone), step, act)
    phone.unlock()
    phone.sync()
    laptop.sync()
    for device in (laptop, phone):
        assert device.status()["conflicts"] == 0 and device.get("a") == b"the same"
        with device.rpc() as rpc:
            assert len(rpc.call("item.history", name="a")["versions"]) == 3


def locked_pull_dies(world, who, step):
    """What comes while locked, a device's joining among it, waits for the unlock."""
    start_server(world)
    laptop, phone = world.pair()
    phone.stop()
    tablet = world.device("tablet")
    tablet.join()
    laptop.put("a", b"1")
    tablet.put("b", b"2")
    laptop.sync()
    tablet.sync()

    def act():
        started(phone)
        phone.ctl("sync")
        phone.ctl("unlock", password=world.password)

    killed_at(chosen(world, who, phone), step, act)
    phone.ctl("sync")
    phone.unlock()
    phone.sync()
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=3)


def push_dies(world, who, step):
    laptop = alone(world)
    laptop.sync()
    world.server.stop()
    laptop.put("a", b"1")

    def act():
        if who == "daemon":
            world.server.start()
        laptop.ctl("sync")

    killed_at(chosen(world, who, laptop), step, act)
    laptop.unlock()
    everybody_agrees(world, laptop, {"a": b"1"}, devices=1)


FILM = bytes(range(256)) * 12000  # three chunks


def film_agrees(world, device, values):
    """A witness that joins now has these values, large ones too; and the device has a file for each blob that it knows."""
    device.sync()
    assert device.status()["sync"]["pending"] == 0 and device.status()["sync"]["pending_bytes"] == 0
    witness = world.device("witness")
    witness.join()
    for other in (device, witness):
        assert {name: other.get(name) for name in other.names()} == values, other.names()
    files = sorted(file.name for file in (device.vault_folder / "blobs").iterdir())
    device.restart()
    assert sorted(file.name for file in (device.vault_folder / "blobs").iterdir()) == files, "a file was nobody's"


def large_put_dies(world, who, step):
    """The value that was not answered may be there, whole, or not."""
    laptop = alone(world)

    def act():
        laptop.ctl("unlock", password=world.password)
        laptop.ctl("put", "film", input=FILM)

    killed_at(laptop, step, act)
    laptop.unlock()
    assert laptop.names() in ([], ["film"])
    values = {"film": FILM} if laptop.names() else {}
    laptop.put("after", FILM[::-1])
    film_agrees(world, laptop, {**values, "after": FILM[::-1]})


def upload_dies(world, who, step):
    laptop = alone(world)
    laptop.sync()
    world.server.stop()
    laptop.put("film", FILM)
    laptop.put("after", b"1")

    def act():
        if who == "daemon":
            world.server.start()
        laptop.ctl("sync")

    killed_at(chosen(world, who, laptop), step, act)
    laptop.unlock()
    film_agrees(world, laptop, {"film": FILM, "after": b"1"})


def download_dies(world, who, step):
    start_server(world)
    laptop, phone = world.pair()
    laptop.put("film", FILM)
    laptop.sync()
    phone.sync()

    def act():
        phone.ctl("unlock", password=world.password)
        phone.ctl("get", "film")

    killed_at(phone, step, act)
    phone.unlock()
    film_agrees(world, phone, {"film": FILM})


def export_dies(world, who, step):
    """A chunk is in the folder, and not yet under its name."""
    laptop = alone(world)
    laptop.put("film", FILM)
    folder = world.folder / "export"

    def act():
        laptop.ctl("unlock", password=world.password)
        laptop.ctl("export", "--sealed", str(folder))

    killed_at(laptop, step, act)
    assert not list(folder.glob("blobs/*/*.bin")), "a chunk has its name before it is whole"
    laptop.unlock()
    laptop.ok("export", "--sealed", str(folder), "--resume")
    chunks = sorted(folder.glob("blobs/*/*"))
    assert [chunk.name for chunk in chunks] == [f"{i}.bin" for i in range(len(chunks))] and len(chunks) > 1


def eviction_dies(world, who, step):
    """Of what makes room, the file is gone and its row is not."""
    laptop = alone(world)
    laptop.put("film", FILM)
    laptop.sync()
    laptop.stop()
    laptop.launch("--blob-cache", "0", VAULT_FAULT=f"{step}:1")
    wait_until(lambda: not laptop.running, f"laptop dies at {step}")
    hits[step] += 1
    laptop.start()
    laptop.unlock()
    film_agrees(world, laptop, {"film": FILM})


def distrust_dies(world, who, step):
    """A server that shows its past, until its present is back."""
    server = start_server(world)
    laptop, phone = world.pair()
    laptop.put("a", b"1")
    laptop.sync()
    past = server.copied("past")
    laptop.put("b", b"2")
    laptop.sync()
    phone.sync()
    laptop.stop()
    server.stop()
    present = server.goes_back(past)

    def act():
        phone.ctl("unlock", password=world.password)
        server.start()
        phone.ctl("sync")

    killed_at(chosen(world, who, phone), step, act)
    assert phone.status()["trust"]["state"] == "distrusted"
    phone.fails(11, "sync")
    server.goes_back(present)
    phone.unlock()
    phone.sync()
    assert phone.status()["trust"]["state"] != "distrusted"
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def repair_dies(world, who, step, everything=False):
    """A server that lost the last part of all, a device's joining among it, or all; until it has been given back."""
    laptop = alone(world)
    laptop.put("a", b"1")
    laptop.sync()
    past = None if everything else world.server.copied("past")
    phone = world.device("phone")
    phone.join()
    phone.sync()
    laptop.put("b", b"2")
    laptop.sync()
    phone.stop()
    world.server.stop()
    world.server.goes_back(past)
    if who == "daemon":
        world.server.start()

    def act():
        started(laptop)
        laptop.ctl("repair")

    killed_at(chosen(world, who, laptop), step, act)
    laptop.ok("repair")
    laptop.unlock()
    phone.start()
    phone.unlock()
    phone.sync()
    assert phone.status()["trust"]["state"] != "distrusted"
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def seed_dies(world, who, step):
    repair_dies(world, who, step, everything=True)


def rejoined(world):
    """A server from a backup made before the phone joined, at which the tablet has joined; the laptop knows the phone.
    With what the server had before."""
    laptop = alone(world)
    laptop.put("a", b"1")
    laptop.sync()
    past = world.server.copied("past")
    phone = world.device("phone")
    phone.join()
    laptop.sync()
    laptop.put("b", b"2")
    laptop.sync()
    phone.stop()
    present = world.server.goes_back(past)
    tablet = world.device("tablet")
    tablet.join()
    tablet.sync()
    return laptop, phone, tablet, present


def reunion_dies(world, who, step):
    laptop, phone, tablet, _ = rejoined(world)
    if who == "server":
        world.server.stop()
        laptop.stop()

    def act():
        started(laptop)
        laptop.ctl("repair", password=world.password)

    if who == "server":
        laptop.start()
    killed_at(chosen(world, who, laptop), step, act)
    laptop.unlock()  # what is new on the server is judged by an unlocked device alone
    laptop.ok("repair", password=world.password)
    tablet.sync()
    assert tablet.get("b") == b"2"
    phone.start()
    phone.ok("repair", password=world.password)
    phone.unlock()
    laptop.sync()
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=3)


def fork_dies(world, who, step):
    """The server shows the other history for a while, and then the one that was known; only a person forgives that."""
    laptop, _, tablet, present = rejoined(world)
    laptop.fails(11, "sync")
    tablet.stop()
    world.server.goes_back(present)
    laptop.fails(11, "sync")

    def act():
        started(laptop)
        laptop.ctl("repair", password=world.password)

    killed_at(laptop, step, act)
    laptop.ok("repair", password=world.password)
    assert laptop.status()["trust"]["state"] == "ok"
    laptop.unlock()
    everybody_agrees(world, laptop, {"a": b"1", "b": b"2"}, devices=2)


def words(text):
    return re.sub(r"[^a-z]", "_", text)


def add_tests(flow, who, dies):
    for step in STEPS[flow, who]:
        def one(world, step=step):
            dies(world, who, step)
        one.__name__ = f"a_{words(flow)}_survives_a_{who}_that_dies_at_{words(step)}"
        test(one)


for flow, who in STEPS:
    add_tests(flow, who, globals()[f"{words(flow)}_dies"])


@test
def every_step_that_the_sources_name_was_hit(world):
    named = set()
    for folder in ("daemon", "http", "crypto", "store", "server"):
        for file in (TREE / folder).rglob("*.cpp"):
            named |= set(re.findall(r'fault_point\("([^"]+)"\)', file.read_text()))
    assert named == set(hits), f"not hit: {sorted(named - set(hits))}; not in the sources: {sorted(set(hits) - named)}"
    print("    kills by step: " + ", ".join(f"{step} {count}" for step, count in sorted(hits.items())))


if __name__ == "__main__":
    main()
