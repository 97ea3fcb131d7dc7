#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two daemons never count in one folder: the second is refused, whatever was deleted; and no folder is used whose locks
another machine may not see."""

import near  # noqa: F401
from scenario import audited, main, refuses_to_start, sealed, show_row, test

CLAIMS = "1"

NFS, SMB, FUSE = "0x6969", "0xfe534d42", "0x65735546"


def second_on(world, device):
    """Another daemon, with a socket of its own, on the same state."""
    second = audited(world, "second")
    second.env["XDG_STATE_HOME"] = device.env["XDG_STATE_HOME"]
    return second


@test
def a_second_daemon_is_refused_whatever_is_deleted_from_the_folder(world):
    world.start_server()
    laptop = audited(world, "laptop").start()
    laptop.create()
    second = second_on(world, laptop)
    refuses_to_start(second, 13, "another process")
    for file in sorted(laptop.vault_folder.iterdir()):
        if file.name != "data.mdb":
            file.unlink()
            refuses_to_start(second, 13, "another process")
    for number in range(20):
        laptop.put(f"note/{number}", b"one daemon counts")
    audit = sealed(world)
    audit.check({laptop.branch: 20})
    assert not audit.seen_by_branch()["second.1"]
    show_row("two daemons, one folder", audit, 20)


@test
def a_second_daemon_that_finds_no_database_makes_none_beside_the_first(world):
    """Whoever deletes the database of a running daemon has lost it, and gets no second one that counts from 0."""
    world.start_server()
    laptop = audited(world, "laptop").start()
    laptop.create()
    second = second_on(world, laptop)
    (laptop.vault_folder / "data.mdb").unlink()
    second.start()
    world.account = "other"
    assert "gone from its folder" in second.fails(13, *second.enrolment("create"), password=world.password)
    second.stop()
    (laptop.vault_folder / "anchor").unlink()
    second.start()
    assert "another process" in second.fails(13, *second.enrolment("create"), password=world.password)


@test
def a_folder_of_a_network_filesystem_is_refused_by_the_release(world):
    world.start_server()
    laptop = audited(world, "laptop", "vaultd").start()
    laptop.create()
    laptop.stop()
    laptop.env["LD_PRELOAD"] = laptop.disk.env["LD_PRELOAD"]
    for type_of_filesystem in (NFS, SMB, FUSE):
        refuses_to_start(laptop, 13, "network", VAULT_FILESYSTEM=type_of_filesystem)
    phone = audited(world, "phone", "vaultd", LD_PRELOAD=laptop.disk.env["LD_PRELOAD"], VAULT_FILESYSTEM=NFS).start()
    assert "network" in phone.fails(13, *phone.enrolment("join"), password=world.password)
    laptop.start()
    laptop.unlock()


if __name__ == "__main__":
    main()
