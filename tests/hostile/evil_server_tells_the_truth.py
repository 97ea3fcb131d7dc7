#!/usr/bin/python3
"""EvilServer while it does not lie is a server like ours: else what it shows about lies would mean little."""

import subprocess

from scene import Home, harness

from evil import PYTHON, EvilServer
from harness import READER, main, test


def read_by_the_reader(device, world):
    """What the independent reader says of the device's export."""
    folder, password = world.folder / "export", world.folder / "password"
    device.ok("export", "--sealed", str(folder), "--without-large")
    password.write_text(world.password)
    done = subprocess.run([PYTHON, READER, folder, "--password-file", password, "--allow-test-suite", "--check-only"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@test
def a_household_syncs_through_it_and_a_member_in_python_is_one_of_them(world):
    home = Home(world)
    home.news()
    home.phone.sync()
    home.tablet.sync()
    assert home.phone.values() == home.tablet.values() and home.phone.get("news/mallory") == b"mallory's news"
    assert "5 chains" in read_by_the_reader(home.phone, world)
    home.everything_sent_is_of_the_protocol()


@test
def it_refuses_what_our_server_refuses(world):
    server = EvilServer(world)
    laptop = world.device("laptop")
    laptop.create()
    other = world.device("other")
    other.fails(8, *other.enrolment("create"), password="another password")
    other.fails(6, *other.enrolment("join"), password="another password")
    stranger = [*other.enrolment("join")]
    stranger[stranger.index(world.account)] = "nobody"
    other.fails(6, *stranger, password=world.password)
    other.join()
    assert all(request.status in (200, 401, 404, 409) for request in server.since(0))


@test
def two_that_join_at_once_both_get_in(world):
    EvilServer(world)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    late = [world.device(f"late{number}") for number in range(3)]
    calls = [device.rpc() for device in late]
    for device, rpc in zip(late, calls):
        rpc.send("vault.join", {"server": world.url, "account": world.account, "password": world.password,
                                "device_name": device.name})
    for rpc in calls:
        rpc.result(rpc.receive())
    for device in late:
        device.sync()
        assert device.get("a") == b"1"
    laptop.sync()
    assert len(laptop.status()["devices"]) == 4


if __name__ == "__main__":
    main()
