#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A device whose state was put back, copied, or robbed of its witness notices it at the next unlock or sync, goes on as a
new device, and nobody's writes are lost; on-line, off-line, twice at once, and when it is killed meanwhile."""

import shutil

import near  # noqa: F401
from harness import main, test
from waiting import wait_until

CLAIMS = "4"

ITEMS = 20


def pair(world, **options):
    """A laptop with a few items, and a phone that has them too."""
    world.start_server(program="vault-server_test", **options)
    laptop, phone = world.pair()
    write(laptop, "before")
    laptop.sync()
    phone.sync()
    return laptop, phone


def write(device, word, count=ITEMS):
    """So many items in as many commits, all of them answered."""
    with device.rpc() as rpc:
        for n in range(count):
            rpc.call("item.put", name=f"{word}/{n}", value=f"{word} {n}")


def written(*words, count=ITEMS):
    return {f"{word}/{n}": f"{word} {n}".encode() for word in words for n in range(count)}


def copy_of(device):
    """A backup of a device that is unlocked, and goes on so."""
    backup = device.copied()
    device.unlock()
    return backup


def identity(device):
    return device.status()["identity"]


def rolled(device, *reasons):
    """It has had one identity before, knows why, and waits for nothing."""
    now = identity(device)
    assert now["state"] == "sound" and now["reason"] in reasons and len(now["former"]) == 1, now


def sync_all(*devices, rounds=2):
    for _ in range(rounds):
        for device in devices:
            device.sync()


def everybody_has(world, items, *devices):
    witness = world.device(f"witness{len(world.programs)}")
    witness.join()
    for device in (*devices, witness):
        have = device.values()
        missing, more = items.keys() - have.keys(), have.keys() - items.keys()
        assert have == items, f"{device.name} lacks {sorted(missing)[:5]} and has {sorted(more)[:5]} besides"
        trust = device.status()["trust"]["state"]
        assert trust in ("ok", "unconfirmed"), (device.name, trust)
    with witness.rpc() as rpc:
        for name in items:
            versions = rpc.call("item.history", name=name)["versions"]
            assert len(versions) == 1, f"{name} was written {len(versions)} times"


@test
def a_database_put_back_below_its_witness_rolls_at_the_unlock(world):
    laptop, phone = pair(world)
    backup = copy_of(laptop)
    write(laptop, "lost")
    laptop.sync()
    laptop.goes_back(backup, "data.mdb")
    laptop.unlock()
    rolled(laptop, "behind", "server")  # whoever said it first
    write(laptop, "after")
    sync_all(laptop, phone)
    everybody_has(world, written("before", "lost", "after"), laptop, phone)


@test
def a_folder_put_back_as_a_whole_is_noticed_by_what_the_server_has(world):
    laptop, phone = pair(world)
    backup = copy_of(laptop)
    write(laptop, "lost")
    laptop.sync()
    world.server.stop()
    laptop.goes_back(backup)
    laptop.unlock()
    assert identity(laptop)["former"] == []
    write(laptop, "after")
    world.server.start()
    assert "vaultctl unlock" in laptop.fails(5, "sync")
    assert identity(laptop)["state"] == "roll_waits" and identity(laptop)["reason"] == "server"
    assert "backup" in laptop.ok("status").decode()
    write(laptop, "waiting")
    laptop.unlock()
    rolled(laptop, "server")
    assert identity(laptop)["proofs"] == 2
    sync_all(laptop, phone)
    everybody_has(world, written("before", "lost", "after", "waiting"), laptop, phone)


@test
def so_it_is_while_the_vault_is_locked(world):
    laptop, phone = pair(world)
    backup = copy_of(laptop)
    write(laptop, "lost")
    laptop.sync()
    laptop.goes_back(backup)
    laptop.fails(5, "sync")
    assert identity(laptop)["state"] == "roll_waits"
    laptop.unlock()
    rolled(laptop, "server")
    sync_all(laptop, phone)
    everybody_has(world, written("before", "lost"), laptop, phone)


@test
def a_roll_made_off_line_is_sent_later_without_the_password(world):
    laptop, phone = pair(world)
    write(laptop, "unsent", count=3)
    laptop.sync()
    world.server.stop()
    laptop.stop()
    (laptop.vault_folder / "anchor").unlink()
    laptop.start()
    laptop.unlock()
    assert identity(laptop)["state"] == "roll_unsent" and identity(laptop)["reason"] == "anchor"
    assert "new identity" in laptop.ok("status").decode()
    write(laptop, "after")
    laptop.restart()
    world.server.start()
    laptop.sync()
    rolled(laptop, "anchor")
    laptop.unlock()
    rolled(laptop, "anchor")
    sync_all(phone, laptop)
    everybody_has(world, written("before", "after") | written("unsent", count=3), laptop, phone)


@test
def a_roll_made_off_line_on_an_old_state_is_made_again_when_the_server_has_more(world):
    laptop, phone = pair(world)
    backup = copy_of(laptop)
    write(laptop, "lost")
    laptop.sync()
    world.server.stop()
    laptop.goes_back(backup, "data.mdb")
    laptop.unlock()
    assert identity(laptop)["state"] == "roll_unsent" and identity(laptop)["reason"] == "behind"
    write(laptop, "after")
    world.server.start()
    laptop.fails(5, "sync")
    assert identity(laptop)["reason"] == "superseded" and identity(laptop)["state"] == "roll_waits"
    laptop.unlock()
    assert identity(laptop)["state"] == "sound"
    sync_all(laptop, phone)
    everybody_has(world, written("before", "lost", "after"), laptop, phone)


@test
def a_keyring_that_another_device_changed_meanwhile_supersedes_a_roll_made_off_line(world):
    laptop, phone = pair(world)
    world.server.stop()
    laptop.stop()
    (laptop.vault_folder / "anchor").unlink()
    laptop.start()
    laptop.unlock()
    write(laptop, "after")
    laptop.stop()
    world.server.start()
    tablet = world.device("tablet")
    tablet.join()
    laptop.start()
    laptop.fails(5, "sync")
    laptop.unlock()
    assert identity(laptop)["state"] == "sound"
    sync_all(laptop, phone, tablet)
    everybody_has(world, written("before", "after"), laptop, phone, tablet)


@test
def a_folder_copied_to_another_place_becomes_another_device(world):
    laptop, phone = pair(world)
    laptop.stop()
    copy = world.device("copy", start=False)
    shutil.copytree(laptop.vault_folder, copy.vault_folder)
    copy.vault_folder.chmod(0o700)
    laptop.start()
    laptop.unlock()
    assert identity(laptop)["former"] == []
    copy.start()
    write(laptop, "laptop")
    laptop.sync()
    copy.unlock()
    rolled(copy, "fingerprint", "server")
    write(copy, "copy")
    copy.sync()
    write(laptop, "unsent")
    laptop.fails(5, "sync")  # the copy has revoked what they were both
    assert identity(laptop)["reason"] == "refused"
    laptop.unlock()
    rolled(laptop, "revoked")
    sync_all(laptop, copy, phone)
    everybody_has(world, written("before", "laptop", "copy", "unsent"), laptop, copy, phone)


@test
def a_history_that_was_acknowledged_elsewhere_is_kept_when_the_server_has_another(world):
    """A server that was forked took both branches of one device, each in another copy of itself."""
    laptop, phone = pair(world)
    backup = copy_of(laptop)
    past = world.server.copied("past")
    write(laptop, "one")
    laptop.sync()
    laptop.stop()
    phone.stop()  # or it would see both, and distrust the server for it
    present = world.server.goes_back(past)
    laptop.goes_back(backup)
    laptop.start()
    laptop.unlock()
    write(laptop, "other")
    laptop.sync()
    assert laptop.status()["sync"]["pending"] == 0 and identity(laptop)["former"] == []
    world.server.goes_back(present)
    phone.start()
    phone.unlock()
    laptop.fails(5, "sync")
    laptop.unlock()
    rolled(laptop, "server")
    assert identity(laptop)["proofs"] == 2
    sync_all(laptop, phone)
    everybody_has(world, written("before", "one", "other"), laptop, phone)


@test
def a_device_whose_key_for_requests_the_disk_has_changed_takes_a_new_identity(world):
    laptop, phone = pair(world)
    laptop.stop()
    wrong = bytearray((laptop.vault_folder / "data.mdb").read_bytes())
    device, net = known_net(laptop, wrong)
    (laptop.vault_folder / "data.mdb").write_bytes(wrong.replace(net, bytes(32)))
    laptop.start()
    laptop.fails(5, "sync")
    laptop.unlock()
    rolled(laptop, "disk")
    laptop.sync()


@test
def a_server_that_refuses_a_device_which_is_not_revoked_changes_nothing_of_it(world):
    laptop, phone = pair(world, proxied=True)
    me = bytes.fromhex(laptop.status()["device"]["id"])

    def refuse_me(exchange):
        if exchange.answer is None and exchange.target == "/v1/session" and exchange.body.endswith(me):
            exchange.body = exchange.body[:-1] + bytes([me[-1] ^ 1])  # a session of a device that is not there

    world.proxy.rule = refuse_me
    laptop.restart()
    laptop.fails(5, "sync")
    laptop.unlock()
    assert identity(laptop)["former"] == [] and identity(laptop)["state"] == "sound"
    laptop.fails(6, "sync")
    world.proxy.rule = None
    laptop.restart()
    laptop.unlock()
    laptop.sync()
    assert identity(laptop)["former"] == [] and identity(laptop)["state"] == "sound"


def known_net(device, database):
    """The seed of the key that signs requests lies behind the device's id in the profile, unsealed."""
    device_id = bytes.fromhex(device_id_of(device, database))
    at = database.find(device_id + b"\x00\x20")
    assert at >= 0
    return device_id, bytes(database[at + 18:at + 50])


def device_id_of(device, database):
    device.start()
    found = device.status()["device"]["id"]
    device.stop()
    return found


@test
def a_crash_between_a_write_and_its_witness_is_no_reason_to_roll(world):
    laptop, phone = pair(world)
    for _ in range(3):
        laptop.stop()
        laptop.launch(VAULT_FAULT="anchor.before-write:2")  # the first settles it, at the unlock
        wait_until(laptop.is_up, "laptop answers")
        laptop.unlock()
        laptop.put("last", b"1")
        wait_until(lambda: not laptop.running, "laptop dies before its witness is written")
        laptop.start()
        laptop.unlock()
        assert laptop.get("last") == b"1"
    assert identity(laptop)["former"] == []
    laptop.sync()


if __name__ == "__main__":
    main()
