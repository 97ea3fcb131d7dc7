#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two devices join at a server and at its restored backup, so that there are two keyrings of one version, each good. A
person repairs each of the devices that know the other one, with the password, and no device and no write is lost."""

import subprocess

import near  # noqa: F401
from harness import READER, main, test
from outside import database


class Scene:
    """The laptop and the phone know the server as it was, the tablet joined at its backup."""

    def __init__(self, world, program="vaultd_test"):
        self.world = world
        world.start_server(proxied=True)
        self.laptop = world.device("laptop", program)
        self.laptop.create()
        self.laptop.put("a", b"of both")
        self.laptop.sync()
        copy = world.server.copied("copy")
        self.phone = world.device("phone", program)
        self.phone.join()
        self.laptop.sync()
        self.laptop.put("b", b"under ours")
        self.phone.put("c", b"by the phone")
        for device in (self.laptop, self.phone, self.laptop):
            device.sync()
        self.restored = world.start_server("--origin", world.proxy.url, name="restored", data=copy)
        world.proxy.upstream = self.restored.port
        world.proxy.hang_up()
        self.tablet = world.device("tablet", program)
        self.tablet.join()
        self.tablet.put("d", b"under theirs")
        self.tablet.sync()

    def repair(self, device):
        said = device.ctl("repair", password=self.world.password)
        assert said.code == 0, said
        return said

    def everybody_has_everything(self):
        devices = [self.laptop, self.phone, self.tablet]
        for device in [*devices, *devices]:
            device.sync()
        fresh = self.world.device("fresh")
        fresh.join()
        expected = {"a": b"of both", "b": b"under ours", "c": b"by the phone", "d": b"under theirs"}
        for device in [*devices, fresh]:
            assert {name: value for name, value in device.values().items() if name in expected} == expected, device.name
            assert device.status()["trust"]["state"] != "distrusted"
        active = [d for d in fresh.status()["devices"] if d["status"] == "active"]
        assert {d["name"] for d in active} == {"laptop", "phone", "tablet", "fresh"}
        return fresh

    def the_reader_agrees(self, device):
        folder = self.world.folder / "export"
        device.ok("export", "--sealed", str(folder), "--without-large")
        password = self.world.folder / "password"
        password.write_text(self.world.password)
        argv = ["/usr/bin/python3", str(READER), str(folder), "--password-file", str(password), "--check-only"]
        done = subprocess.run([*argv, "--allow-test-suite"], capture_output=True)
        assert done.returncode == 0, done


@test
def two_keyrings_of_one_version_become_one_with_the_devices_of_both(world):
    scene = Scene(world)
    laptop, phone, tablet = scene.laptop, scene.phone, scene.tablet
    laptop.fails(11, "sync")
    trust = laptop.status()["trust"]
    assert (trust["state"], trust["reason"]) == ("distrusted", "E_FORK"), trust
    laptop.put("e", b"meanwhile")
    look = laptop.ok("repair", "--dry-run").decode()
    assert "another keyring version" in look, look
    laptop.fails(2, "repair")  # nobody to ask for the password
    laptop.fails(6, "repair", password="a wrong one")
    assert laptop.status()["trust"]["state"] == "distrusted"
    said = scene.repair(laptop)
    assert b"another keyring version" in said.err and b"histories are one" in said.out, said
    assert laptop.status()["vault"]["keyring_version"] == 3
    tablet.sync()
    assert tablet.get("b") == b"under ours" and tablet.get("e") == b"meanwhile"
    scene.repair(phone)
    fresh = scene.everybody_has_everything()
    laptop.sync()
    assert laptop.status()["vault"]["keyring_version"] == 4, "one for the reunion, one for the join"
    for device in (laptop, phone):
        device.restart()
        device.unlock()
    laptop.put("f", b"after")
    phone.put("g", b"after, too")
    for device in (laptop, phone, tablet):
        device.sync()
    tablet.sync()
    assert tablet.get("g") == b"after, too" and laptop.get("d") == b"under theirs"
    scene.the_reader_agrees(fresh)


@test
def the_device_that_was_adopted_may_be_repaired_first_or_be_off_for_long(world):
    scene = Scene(world)
    scene.phone.ok("lock")
    scene.phone.fails((5, 6, 11), "sync")
    scene.repair(scene.phone)
    scene.phone.unlock()
    scene.repair(scene.laptop)
    scene.everybody_has_everything()
    assert "Nothing had to be sent" in scene.laptop.ok("repair").decode()


def sealed_under(device):
    """The generation of the vault key that the device's private keys are sealed under; it does not run."""
    with database(device.vault_folder) as (tx, table):
        return int.from_bytes(tx.get(b"identity", db=table("local"))[56:60], "big")


@test
def a_newer_vault_key_that_comes_with_the_other_history_seals_the_keys_of_a_device_that_takes_it(world):
    """A sheet in place of another raises the generation: what was read of the older key must not open the device's keys."""
    scene = Scene(world)
    for _ in range(2):
        scene.tablet.ok("recovery", "create", "--yes", password=world.password)
    scene.phone.ok("lock")
    for device in (scene.laptop, scene.phone):
        scene.repair(device)
        device.stop()
        assert sealed_under(device) == 2, f"the keys of the {device.name} stay under the key that was replaced"
        device.start()
        device.unlock()
    scene.the_reader_agrees(scene.everybody_has_everything())


if __name__ == "__main__":
    main()
