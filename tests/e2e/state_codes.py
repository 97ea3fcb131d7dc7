#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Twenty digits, read from one device and typed on another, prove that this one has all that the other had; a device
is unconfirmed until another one has spoken of it, and devices that only read speak too, now and then."""

import re
import threading

import near  # noqa: F401
from disk import Disk
from harness import main, test
from proxy import Cut
from waiting import wait_until

DAY = 24 * 3600
AT_ONCE = {"VAULT_PAUSE": "ack.delay=0,ack.least=0"}
CODE = re.compile(r"\d{5} \d{5} \d{5} \d{5}")


def code_of(device):
    code = device.ok("verify").decode()
    assert code.endswith("\n") and CODE.fullmatch(code[:-1]), code
    return code[:-1]


def trust(device):
    return device.status()["trust"]


def peer(device, of):
    """What a device knows of another one, by name."""
    return next(d for d in device.status()["devices"] if d["name"] == of.name)


def seq(device):
    return device.status()["device"]["seq"]


def quiet_pair(world, **env):
    """A laptop and a phone that joined it and has heard nothing of anybody since."""
    laptop, phone = world.device("laptop", start=False), world.device("phone", start=False)
    laptop.start(**env)
    phone.start(**env)
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    phone.join()
    return laptop, phone


@test(proves="5")
def a_code_of_one_device_is_known_to_the_other_and_no_other_code_is(world):
    world.start_server()
    laptop, phone = world.pair("vaultd")
    laptop.put("a", b"1")
    code = code_of(laptop)
    assert trust(laptop)["code"] == code and trust(phone)["code"] is None
    for words in ([code], code.split(), [code.replace(" ", "")]):
        said = phone.ok("verify", *words).decode()
        assert said.startswith("Yes") and "laptop" in said, said
    other = str((int(code[0]) + 1) % 10) + code[1:]
    for wrong in (other, code[:-1], code + "0", "", "eggs"):
        assert "code" in phone.fails(11, "verify", wrong), wrong
    with phone.rpc() as rpc:
        assert rpc.call("trust.verify", code=code)["device"]["name"] == "laptop"
    back = code_of(phone)
    assert back != code and code_of(phone) != back, "each is a checkpoint of its own"
    laptop.ok("verify", back)
    laptop.restart()
    assert trust(laptop)["code"] == code, "locked, too"
    laptop.fails(5, "verify")
    laptop.fails(5, "verify", code)


@test
def off_line_the_newest_code_that_the_server_has_is_shown_with_its_time(world):
    world.start_server()
    laptop, phone = world.pair()
    laptop.put("a", b"1")
    world.server.stop()
    assert "on-line" in laptop.fails(10, "verify")  # it has never had one
    world.server.start()
    laptop.sync()
    code = laptop.ok("verify").decode().strip()
    world.server.stop()
    laptop.put("a", b"2")
    said = laptop.ctl("verify")
    assert said.code == 0 and said.out.decode().strip() == code, said
    assert re.search(rb"newest code that it has acknowledged, at \d{4}-\d\d-\d\dT", said.err), said
    made = laptop.ctl("--json", "verify").json
    assert made["code"] == code and made["sent"] is False and made["acknowledged"] in said.err.decode()
    assert laptop.status()["trust"]["code"] == code
    assert "sync" in phone.fails(11, "verify", code)
    world.server.start()
    phone.ok("verify", code)
    laptop.sync()
    assert laptop.ok("verify").decode().strip() != code


@test(proves="5")
def a_stale_server_is_caught_by_a_new_device_that_expects_a_code(world):
    world.start_server(proxied=True)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"yesterday")
    laptop.sync()
    yesterday = world.server.copied("yesterday")
    laptop.put("a", b"today")
    code = code_of(laptop)
    laptop.sync()
    stale = world.start_server("--origin", world.proxy.url, name="stale", data=yesterday)
    world.proxy.upstream = stale.port
    phone = world.device("phone")
    assert "code" in phone.fails(11, *phone.enrolment("join"), "--expect", code, password=world.password)
    assert phone.status()["vault"]["state"] == "absent"
    world.proxy.upstream = world.server.port
    phone.join("--expect", code)
    assert phone.get("a") == b"today"
    assert trust(phone)["state"] == "ok", "a code has said yes"


@test
def a_new_device_is_unconfirmed_until_another_one_has_spoken_of_it(world):
    world.start_server()
    laptop, phone = quiet_pair(world)
    assert trust(laptop)["state"] == "ok" and trust(phone)["state"] == "unconfirmed"
    assert "unconfirmed" in phone.ok("status").decode()
    phone.sync()
    assert trust(phone)["state"] == "unconfirmed" and peer(phone, laptop)["last_confirmed"] is None
    phone.restart()
    phone.unlock()
    assert trust(phone)["state"] == "unconfirmed"
    laptop.sync()
    assert peer(laptop, phone)["last_confirmed"], "it has joined what the laptop had"
    laptop.put("b", b"2")
    laptop.sync()
    phone.sync()
    assert trust(phone)["state"] == "ok" and peer(phone, laptop)["last_confirmed"]
    phone.restart()
    assert trust(phone)["state"] == "ok" and peer_locked(phone, laptop)["last_confirmed"]


def peer_locked(device, other):
    ids = {d["id"]: d for d in device.status()["devices"]}
    return ids[other.status()["device"]["id"]]


@test(proves="5")
def a_code_that_says_yes_ends_unconfirmed_and_ones_own_code_does_not(world):
    world.start_server()
    laptop, phone = quiet_pair(world)
    laptop.stop()
    phone.ok("verify", code_of(phone))
    assert trust(phone)["state"] == "unconfirmed"
    phone.stop()
    laptop.start()
    laptop.unlock()
    code = code_of(laptop)
    laptop.stop()
    phone.start()
    phone.unlock()
    phone.ok("verify", code)
    assert trust(phone)["state"] == "ok"


@test
def a_device_of_which_nothing_is_heard_for_thirty_days_is_unconfirmed_until_it_is(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    phone, disk = world.device("phone", start=False), Disk(world, "phone")
    disk.set_clock(0)
    phone.start(**disk.env)
    phone.join()
    phone.sync()
    laptop.sync()  # so that its write tells of the phone
    laptop.put("a", b"1")
    laptop.sync()
    phone.sync()
    assert trust(phone)["state"] == "ok"
    disk.set_clock(29 * DAY)
    assert trust(phone)["state"] == "ok"
    disk.set_clock(31 * DAY)
    assert trust(phone)["state"] == "unconfirmed"
    phone.sync()
    assert trust(phone)["state"] == "unconfirmed", "the server is there, and nobody else"
    phone.put("mine", b"2")
    phone.sync()
    assert trust(phone)["state"] == "unconfirmed"
    laptop.put("a", b"3")
    laptop.sync()
    phone.sync()
    assert trust(phone)["state"] == "ok"


@test
def one_device_alone_is_unconfirmed_only_without_a_server(world):
    world.start_server()
    laptop, disk = world.device("laptop", start=False), Disk(world, "laptop")
    disk.set_clock(0)
    laptop.start(**disk.env)
    laptop.create()
    laptop.sync()
    world.server.stop()
    disk.set_clock(31 * DAY)
    assert trust(laptop)["state"] == "unconfirmed"
    world.server.start()
    laptop.sync()
    assert trust(laptop)["state"] == "ok"


def until_both_are_still(laptop, phone):
    """Rounds until none of them writes any more; gives their seqs."""

    def still():
        before = seq(laptop), seq(phone)
        for device in (laptop, phone, laptop, phone):
            device.sync()
        return before if before == (seq(laptop), seq(phone)) else None

    return wait_until(still, "the devices have said all")


@test
def a_device_that_only_reads_tells_what_it_saw_and_nobody_answers_that(world):
    world.start_server()
    laptop, phone = quiet_pair(world, **AT_ONCE)
    until_both_are_still(laptop, phone)
    assert trust(phone)["state"] == "ok"
    own, others = seq(laptop), seq(phone)
    before = peer(laptop, phone)["last_confirmed"]
    laptop.put("b", b"2")
    laptop.sync()
    wait_until(lambda: seq(phone) == others + 1, "the phone tells")
    phone.sync()
    laptop.sync()
    assert peer(laptop, phone)["last_confirmed"] > before
    assert until_both_are_still(laptop, phone) == (own + 1, others + 1), "an ack is not worth one"
    phone.restart()
    phone.unlock()
    assert until_both_are_still(laptop, phone) == (own + 1, others + 1)
    witness = world.device("witness")
    witness.join()
    assert witness.get("b") == b"2"


@test
def a_write_carries_what_was_seen_and_no_ack_follows(world):
    world.start_server()
    laptop, phone = quiet_pair(world)
    phone.sync()
    laptop.put("b", b"2")
    laptop.sync()
    phone.sync()
    before = seq(phone)
    phone.put("c", b"3")
    phone.stop()
    phone.start(**AT_ONCE)
    phone.unlock()
    for _ in range(3):
        phone.sync()
    assert seq(phone) == before + 1


@test
def acks_come_once_in_ten_minutes_however_much_there_is_to_tell(world):
    world.start_server()
    laptop, disk = world.device("laptop"), Disk(world, "phone")
    laptop.create()
    phone = world.device("phone", start=False)
    disk.set_clock(0)
    phone.start(**disk.env, VAULT_PAUSE="ack.delay=0")
    phone.join()
    begin = seq(phone)

    def told_of(name):
        laptop.put(name, b"x")
        laptop.sync()
        phone.sync()
        return seq(phone) - begin

    assert told_of("a") == 1
    assert [told_of(name) for name in "bcd"] == [1, 1, 1]
    disk.set_clock(9 * 60)
    assert told_of("e") == 1
    phone.stop()
    phone.start(**disk.env, VAULT_PAUSE="ack.delay=0")
    phone.unlock()
    assert told_of("f") == 1, "a restart does not shorten it"
    disk.set_clock(10 * 60 + 30)
    assert told_of("g") == 2


@test
def a_locked_device_seals_no_ack_and_one_that_waits_for_the_server_is_no_pending_write(world):
    world.start_server(proxied=True)
    laptop, phone = quiet_pair(world, **AT_ONCE)
    until_both_are_still(laptop, phone)
    phone.ok("lock")
    before = seq(phone)
    laptop.put("b", b"2")
    laptop.sync()
    phone.sync()
    assert seq(phone) == before

    refused = threading.Event()

    def no_append(exchange):
        if exchange.method == "POST" and "/chain/" in exchange.target and exchange.answer is None:
            refused.set()
            raise Cut()

    world.proxy.rule = no_append
    phone.unlock()
    wait_until(lambda: seq(phone) == before + 1 and refused.is_set(), "an ack is sealed and cannot be sent")
    assert phone.status()["sync"]["pending"] == 0
    phone.put("c", b"3")
    assert phone.status()["sync"]["pending"] == 1
    phone.kill()
    phone.start(**AT_ONCE)
    assert phone.status()["sync"]["pending"] == 1
    world.proxy.rule = None
    phone.sync()
    laptop.sync()
    assert laptop.get("c") == b"3" and phone.status()["sync"]["pending"] == 0


if __name__ == "__main__":
    main()
