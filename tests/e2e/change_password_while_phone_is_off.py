#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The password is changed on the laptop. The phone, off or out of reach meanwhile, follows by itself and loses nothing;
whatever is cut on the way, exactly one password logs in afterwards."""

import signal

import near  # noqa: F401
from harness import main, test
from proxy import Cut
from waiting import wait_until

CLAIMS = "6"

NEW = "another horse, another battery"


def change(device, old=None, new=NEW):
    """The words of a passwd, for ok(), fails() or ctl()."""
    return {"password": f"{old or device.world.password}\n{new}\n"}


def opens_with(device, password):
    device.ctl("lock")
    return device.ctl("unlock", password=password).code == 0


def refuses(device, password):
    device.ok("lock")
    device.fails(6, "unlock", password=password)


def logs_in(world, password, name):
    """Whether a new device can join with it."""
    device = world.device(name)
    said = device.ctl(*device.enrolment("join"), password=password)
    assert said.code in (0, 6), said
    device.stop()
    return said.code == 0


def exactly_one_logs_in(world, right, wrong, name):
    assert logs_in(world, right, f"{name}-new") and not logs_in(world, wrong, f"{name}-old")


def vault(device):
    return device.status()["vault"]


def a_change_is_the_loss_of_an_answer(exchange):
    """The server has it, and nobody here knows."""
    if exchange.method == "PUT" and exchange.answer is not None:
        raise Cut


def nothing_arrives(exchange):
    raise Cut


@test
def the_phone_is_off_while_the_password_changes_and_opens_with_either_until_it_has_followed(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.put("phone/early", b"1")
    phone.sync()
    phone.stop()
    laptop.put("laptop/before", b"2")
    laptop.ok("passwd", **change(laptop))
    laptop.put("laptop/after", b"3")
    laptop.sync()
    refuses(laptop, world.password)
    assert "password was changed" in laptop.fails(6, "unlock", password=world.password)
    assert "password was changed" not in laptop.fails(6, "unlock", password="neither")
    assert opens_with(laptop, NEW)
    assert vault(laptop)["generation"] == 2 and vault(laptop)["change"] == "none"

    phone.start()
    phone.ok("unlock", password=world.password)  # nobody has told it yet, or it has not followed
    phone.sync()
    assert phone.values() == {"phone/early": b"1", "laptop/before": b"2", "laptop/after": b"3"}
    phone.put("phone/late", b"4")
    phone.sync()
    assert phone.status()["device"]["epoch"] == 2 and vault(phone)["generation"] == 2
    refuses(phone, world.password)
    assert opens_with(phone, NEW)
    laptop.sync()
    assert laptop.get("phone/late") == b"4"
    exactly_one_logs_in(world, NEW, world.password, "tablet")


@test
def a_locked_phone_that_has_pulled_the_change_opens_with_the_new_password(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.ok("lock")
    laptop.ok("passwd", **change(laptop))
    laptop.put("after", b"1")
    laptop.sync()
    phone.sync()
    phone.ok("unlock", password=NEW)
    assert phone.get("after") == b"1"
    refuses(phone, world.password)
    world.server.stop()
    assert opens_with(phone, NEW)


@test
def an_unlocked_phone_follows_without_any_password(world):
    world.start_server()
    laptop, phone = world.pair()
    laptop.ok("passwd", **change(laptop))
    wait_until(lambda: vault(phone)["generation"] == 2, "the phone follows by itself")
    assert vault(phone)["state"] == "unlocked"
    phone.restart()
    phone.fails(6, "unlock", password=world.password)
    phone.ok("unlock", password=NEW)


@test
def what_a_phone_wrote_out_of_reach_is_kept_and_read_by_all(world):
    world.start_server(proxied=True)
    laptop, phone = world.pair()
    phone.stop()
    laptop.ok("passwd", **change(laptop))
    laptop.put("from/laptop", b"new")
    laptop.sync()
    world.proxy.rule = nothing_arrives
    phone.start()
    phone.unlock()
    for n in range(50):
        phone.put(f"from/phone/{n}", b"%d" % n)
    world.proxy.rule = None
    phone.sync()
    laptop.sync()
    assert laptop.values() == phone.values() and len(laptop.names()) == 51
    tablet = world.device("tablet")
    tablet.join(password=NEW)
    assert tablet.values() == laptop.values()


def keyring_versions(world, device):
    """That the commits of its chain name, by seq: crypto/FORMAT.md §6."""
    out = world.folder / "export"
    device.ok("export", "--sealed", str(out), "--without-large")
    chain = out / "chains" / device.status()["device"]["id"]
    return {int(file.stem): int.from_bytes(file.read_bytes()[68:72], "big") for file in chain.glob("*.bin")}


@test
def what_no_server_had_is_written_again_under_the_new_key_and_stays_readable_meanwhile(world):
    server = world.start_server()
    laptop, phone = world.pair()
    laptop.sync()
    phone.sync()
    handed = phone.status()["device"]["seq"]
    server.stop()
    values = {f"n/{n}": b"%d" % n for n in range(8)}
    for name, value in values.items():
        phone.put(name, value)
    phone.process.send_signal(signal.SIGSTOP)
    server.start()
    laptop.ok("passwd", **change(laptop))
    phone.process.send_signal(signal.SIGCONT)
    phone.sync()
    phone.put("n/after", b"later")
    values["n/after"] = b"later"
    assert phone.values() == values
    named = keyring_versions(world, phone)
    assert all(version == 3 for seq, version in named.items() if seq > handed), named
    assert all(version < 3 for seq, version in named.items() if seq <= handed), named
    assert min(seq for seq in named if seq > handed) >= handed + len(values), named  # a jump; what it passed over is void
    phone.sync()
    laptop.sync()
    assert laptop.values() == values
    with phone.rpc() as rpc:
        assert all(len(rpc.call("item.history", name=name)["versions"]) == 1 for name in values)
    phone.restart()
    phone.ok("unlock", password=NEW)
    assert phone.values() == values and phone.status()["identity"]["former"] == []


@test
def what_the_server_took_without_an_answer_stays_as_it_is(world):
    world.start_server(proxied=True)
    laptop, phone = world.pair()
    laptop.sync()
    phone.sync()

    def pushes_are_not_answered(exchange):
        if exchange.method == "POST" and "/chain/" in exchange.target and exchange.answer is not None:
            raise Cut

    world.proxy.rule = pushes_are_not_answered
    phone.put("given", b"1")
    phone.ctl("sync")
    laptop.sync()
    assert laptop.get("given") == b"1"
    laptop.ok("passwd", **change(laptop))
    phone.sync()  # the heads say that it was taken
    assert vault(phone)["generation"] == 2
    before = keyring_versions(world, phone)
    assert sorted(before) == list(range(1, len(before) + 1)), before  # no jump was needed
    world.proxy.rule = None
    phone.put("after", b"2")
    phone.sync()
    laptop.sync()
    assert laptop.values() == phone.values() == {"given": b"1", "after": b"2"}
    assert phone.status()["identity"]["former"] == []


@test
def a_change_whose_answer_was_lost_is_found_to_be_there(world):
    world.start_server(proxied=True)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    world.proxy.rule = a_change_is_the_loss_of_an_answer
    said = laptop.fails(10, "passwd", **change(laptop))
    assert "either password" in said, said
    world.proxy.rule = nothing_arrives
    assert vault(laptop)["change"] == "unsent"
    assert opens_with(laptop, world.password) and opens_with(laptop, NEW)
    world.proxy.rule = None
    laptop.sync()
    assert vault(laptop)["change"] == "none" and vault(laptop)["generation"] == 2
    refuses(laptop, world.password)
    assert opens_with(laptop, NEW) and laptop.get("a") == b"1"
    exactly_one_logs_in(world, NEW, world.password, "tablet")


@test
def a_change_that_never_arrived_is_sent_by_a_locked_daemon_after_a_restart(world):
    world.start_server(proxied=True)
    laptop, phone = world.pair()

    def puts_fail(exchange):
        if exchange.method == "PUT":
            raise Cut

    world.proxy.rule = puts_fail
    laptop.fails(10, "passwd", **change(laptop))
    laptop.put("meanwhile", b"1")
    laptop.restart()
    world.proxy.rule = None
    assert "unlock" in laptop.fails(5, "sync")  # what waits is sealed under the key before
    assert vault(laptop)["state"] == "locked"
    laptop.ok("unlock", password=NEW)
    assert vault(laptop)["change"] == "none" and laptop.get("meanwhile") == b"1"
    laptop.sync()
    phone.sync()
    assert phone.get("meanwhile") == b"1"
    exactly_one_logs_in(world, NEW, world.password, "tablet")


@test
def a_phone_that_was_restored_and_has_heard_of_the_change_takes_its_new_identity_by_the_new_password(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.put("a", b"1")
    phone.sync()
    phone.stop()
    (phone.vault_folder / "anchor").unlink()
    laptop.ok("passwd", **change(laptop))
    laptop.put("after", b"2")
    laptop.sync()
    phone.start()
    phone.ctl("sync")
    assert "password was changed" in phone.fails(6, "unlock", password=world.password)
    phone.ok("unlock", password=NEW)
    phone.sync()
    identity = phone.status()["identity"]
    assert identity["state"] == "sound" and identity["former"], identity
    laptop.sync()
    assert phone.values() == laptop.values() == {"a": b"1", "after": b"2"}


@test
def two_devices_that_change_it_at_once_leave_one_password(world):
    world.start_server()
    laptop, phone = world.pair()
    with laptop.rpc() as one, phone.rpc() as two:
        for rpc, new in ((one, "the laptop's choice"), (two, "the phone's choice")):
            rpc.send("vault.change_password", {"old": world.password, "new": new})
        answers = [one.receive(), two.receive()]
    good = ["result" in answer for answer in answers]
    assert good.count(True) == 1, answers
    assert answers[good.index(False)]["error"]["data"]["kind"] == "E_AUTH", answers
    right, wrong = ("the laptop's choice", "the phone's choice")[:: 1 if good[0] else -1]
    laptop.sync()
    phone.sync()
    for device in (laptop, phone):
        assert vault(device)["change"] == "none"
        for password in (wrong, world.password):
            refuses(device, password)
        assert opens_with(device, right)
    exactly_one_logs_in(world, right, wrong, "tablet")


@test
def what_is_no_change_is_refused_and_changes_nothing(world):
    server = world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.fails(6, "passwd", **change(laptop, old="a wrong one"))
    laptop.fails(2, "passwd", **change(laptop, new=world.password))
    laptop.fails(2, "passwd", password=world.password + "\n")
    laptop.fails(2, "passwd", password=world.password)
    laptop.fails(2, "passwd", password=world.password.encode() + b"\nnew\0word\n")
    laptop.fails(2, "passwd", password=world.password.encode() + b"\nnew\xff\n")
    server.stop()
    laptop.fails(10, "passwd", **change(laptop))
    assert vault(laptop)["generation"] == 1 and vault(laptop)["change"] == "none"
    assert opens_with(laptop, world.password)


@test
def a_release_changes_its_password_from_a_file(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    laptop.put("a", b"1")
    both = world.folder / "both"
    both.write_text(f"{world.password}\n{NEW}\n")
    assert laptop.ok("--json", "passwd", "--password-file", str(both)).strip() == b"{}"
    refuses(laptop, world.password)
    assert opens_with(laptop, NEW) and laptop.get("a") == b"1"


if __name__ == "__main__":
    main()
