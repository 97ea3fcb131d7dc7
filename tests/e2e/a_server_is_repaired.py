#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that was restored from an old backup, or has lost everything, gets back from any one device what that device
has, byte for byte; nobody uploads anything by themselves meanwhile, and the other devices recover by themselves."""

import subprocess

import near  # noqa: F401
from harness import main, test


def stored(world, device):
    """Every byte that the server stores for the vault, as it exports it."""
    folder = world.folder / f"export-{len(list(world.folder.glob('export-*')))}"
    argv = [world.build / "vault-server", "--data", world.server.data, "export", world.account, folder]
    subprocess.check_output(list(map(str, argv)), env=world.bare_env)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and path.name != "manifest.bin"}  # which says when


def trust(device):
    return device.status()["trust"]["state"], device.status()["trust"]["reason"]


def household(world, *options, program="vaultd_test"):
    world.start_server(*options)
    devices = [world.device(name, program) for name in ("laptop", "phone", "desk")]
    devices[0].create()
    for device in devices[1:]:
        device.join()
    return devices


def all_sync(devices):
    for device in [*devices, *devices[:-1]]:
        device.sync()


def nothing_is_sent_without_being_asked(world, devices):
    """While they are distrusted; and reads and writes go on."""
    before = stored(world, devices[0])
    for device in devices:
        device.put(f"meanwhile/{device.name}", b"local")
        assert "distrusted" in device.fails(11, "sync") or trust(device)[0] == "distrusted"
        assert device.get(f"meanwhile/{device.name}") == b"local"
    assert stored(world, devices[0]) == before


@test
def a_server_restored_from_a_backup_is_repaired_by_one_device_of_three(world):
    laptop, phone, desk = devices = household(world, program="vaultd")
    laptop.put("old", b"1")
    all_sync(devices)
    copy = world.server.copied("backup")
    tablet = world.device("tablet", "vaultd")
    tablet.join()
    for device in devices:
        device.put(f"new/{device.name}", device.name.encode())
    all_sync([*devices, tablet])
    whole = stored(world, laptop)
    world.server.goes_back(copy)
    for device in devices:
        device.fails(11, "sync")
        assert trust(device) == ("distrusted", "E_ROLLBACK")
    nothing_is_sent_without_being_asked(world, devices)
    tablet.fails((5, 6), "sync")  # the backup does not know it
    look = phone.ok("repair", "--dry-run").decode()
    assert "lacks 1 keyring version and" in look and "byte for byte" in look, look
    assert stored(world, laptop) != whole
    said = phone.ctl("repair")
    assert said.code == 0 and look.encode() in said.err and b"got 1 keyring version" in said.out, said
    assert trust(phone)[0] != "distrusted"
    for device in [tablet, laptop, desk]:
        device.sync()
        assert trust(device)[0] != "distrusted", device.name
    after = stored(world, laptop)
    assert whole.items() <= after.items(), "every byte is back, in its place"
    all_sync([*devices, tablet])
    for device in [*devices, tablet]:
        assert device.get("new/desk") == b"desk" and device.get("meanwhile/laptop") == b"local"
    assert "Nothing had to be sent" in phone.ok("repair").decode()


@test
def a_device_that_the_backup_does_not_know_repairs_as_well_and_locked(world):
    laptop = world.device("laptop")
    world.start_server("--registration", "open")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    copy = world.server.copied("backup")
    phone = world.device("phone")
    phone.join()
    laptop.sync()
    laptop.put("b", b"2")
    phone.put("c", b"3")
    for device in (laptop, phone, laptop):
        device.sync()
    whole = stored(world, laptop)
    world.server.goes_back(copy)
    laptop.stop()
    phone.ok("lock")
    phone.fails((5, 6), "sync")
    said = phone.ctl("repair")
    assert said.code == 0 and b"does not know this device" in said.err, said
    assert whole.items() <= stored(world, phone).items()
    phone.sync()
    laptop.start()
    laptop.sync()
    laptop.unlock()
    assert laptop.get("c") == b"3" and phone.status()["vault"]["state"] == "locked"


@test
def a_server_that_has_lost_everything_is_seeded_again_by_any_device(world):
    laptop, phone, desk = devices = household(world)
    for device in devices:
        device.put(device.name, b"x" * 1000)
    all_sync(devices)
    whole = stored(world, laptop)
    world.server.goes_back(None)
    for device in devices:
        device.fails((5, 6), "sync")
    said = desk.ctl("repair")
    assert said.code == 0 and b"does not have this account" in said.err and b"was made again" in said.out, said
    assert whole.items() <= stored(world, desk).items()
    all_sync(devices)
    for device in devices:
        assert trust(device)[0] != "distrusted"
    laptop.stop()
    phone.stop()
    desk.stop()
    fresh = world.device("fresh")
    fresh.join()
    assert set(fresh.names()) == {"laptop", "phone", "desk"}, "the password and the server are enough again"


@test
def a_server_that_invites_or_is_closed_gets_an_account_back_only_as_it_makes_one(world):
    laptop = world.device("laptop")
    world.start_server("--registration", "open")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    phone = world.device("phone")
    phone.join()
    phone.sync()
    laptop.sync()
    copy = world.server.copied("backup")
    world.server.goes_back(None)
    world.server.stop()
    world.server.start("--registration", "closed")
    assert "accounts" in laptop.fails(9, "repair")
    world.server.stop()
    world.server.start("--registration", "invite")
    laptop.fails(9, "repair")
    argv = [world.build / "vault-server", "--data", world.server.data, "invite"]
    token = subprocess.check_output(list(map(str, argv)), env=world.bare_env).decode().strip()
    laptop.ok("repair", "--invite", token)
    phone.sync()
    desk = world.device("desk")
    desk.join()
    laptop.sync()
    world.server.goes_back(copy)
    world.server.stop()
    world.server.start("--registration", "closed")
    desk.ok("repair")  # no account is made by that
    laptop.sync()
    assert laptop.get("a") == b"1"


@test
def an_account_that_has_another_vault_by_now_is_left_alone(world):
    laptop = world.device("laptop")
    world.start_server()
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    world.server.goes_back(None)
    other = world.device("other")
    other.create()
    other.put("theirs", b"2")
    other.sync()
    before = stored(world, other)
    laptop.fails(8, "repair")
    assert stored(world, other) == before
    assert laptop.get("a") == b"1"


@test
def writes_that_were_not_sent_yet_follow_a_repair(world):
    laptop = world.device("laptop")
    world.start_server()
    laptop.create()
    laptop.sync()
    copy = world.server.copied("backup")
    laptop.put("a", b"1")
    laptop.sync()
    world.server.stop()
    laptop.put("b", b"2")
    world.server.start()
    world.server.goes_back(copy)
    laptop.ok("repair")
    assert laptop.status()["sync"]["pending"] == 0
    laptop.stop()
    phone = world.device("phone")
    phone.join()
    assert phone.get("a") == b"1" and phone.get("b") == b"2"


@test
def a_repair_without_a_server_says_so(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.fails(2, "repair")
    laptop.create()
    laptop.sync()
    world.server.stop()
    laptop.fails(10, "repair")


if __name__ == "__main__":
    main()
