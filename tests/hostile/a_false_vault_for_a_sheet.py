#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sheet proves less than a password: the public halves of its keys, and the secret beside them, are known to every device.
A server in league with one can build a whole false vault around them. The state code on the sheet is what it cannot have."""

import json


import near  # noqa: F401
from evil import EvilServer
from harness import main, test

CLAIMS = "D11"

FRESH = "a new password"


def use(device, sheet, *options):
    where = ["--server", device.world.url, "--account", device.world.account]
    return device.ctl("recovery", "use", *where, *options, password=f"{sheet['code']}\n{FRESH}")


def household(world):
    """A laptop, and Mallory's device, which is a member; the laptop prints a sheet."""
    server = EvilServer(world)
    laptop = world.device("laptop")
    laptop.create()
    server.member_joins(world.account, world.password.encode(), "mallory")
    laptop.sync()
    laptop.put("notes/plan", b"the plan")
    sheet = json.loads(laptop.ok("recovery", "create", "--json", "--yes", password=world.password))
    laptop.sync()
    laptop.stop()
    return server, sheet


@test
def a_member_and_the_server_build_a_false_vault_around_the_sheet(world):
    server, sheet = household(world)
    server.member_builds_a_false_vault(world.account, "mallory", b"a false plan")
    phone = world.device("phone")
    said = use(phone, sheet, "--expect", sheet["state_code"])
    assert said.code == 11 and said.out == b"", said
    assert phone.status()["vault"]["state"] == "absent"
    puts = [request for request in server.since(0) if request.method == "PUT"]
    server.return_to(world.account, "true")
    said = use(phone, sheet, "--expect", sheet["state_code"])
    assert said.code == 0, said
    assert phone.get("notes/plan") == b"the plan"
    more = [request for request in server.since(0) if request.method == "PUT"]
    assert len(more) == len(puts) + 1, "nothing was signed for the false vault"


@test
def without_the_state_code_nothing_notices_it_and_the_person_is_told_so(world):
    server, sheet = household(world)
    server.member_builds_a_false_vault(world.account, "mallory", b"a false plan")
    phone = world.device("phone")
    said = use(phone, sheet)
    assert said.code == 0 and b"Going on without the state code" in said.err, said
    assert phone.get("notes/plan") == b"a false plan", "this is what the state code is for"


if __name__ == "__main__":
    main()
