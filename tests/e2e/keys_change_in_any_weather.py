#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A password is changed, a device is revoked: in every weather, and by two devices at once."""

import near  # noqa: F401
from flows import NEW, OLD, Passwd, Revoke, holds
from harness import main, test
from matrix import Two, add_rows, answers

CLAIMS = "6"

OTHER = "and a third one, at the same moment"

add_rows(Passwd, patient=True)
add_rows(Revoke)


@test
def two_devices_change_the_password_at_once(world):
    """One is first. The other is told that its password is no more the vault's, and follows with that of the first."""
    flow = Two(world)
    laptop, phone = flow.devices
    codes = answers(world, (laptop, "passwd"), (phone, "passwd"), f"{OLD}\n{NEW}", f"{OLD}\n{OTHER}")
    assert sorted(code == 0 for code in codes) == [False, True], codes
    flow.passwords = [OLD, NEW, OTHER]
    holds(flow)


@test
def a_password_changes_while_a_device_joins(world):
    flow = Two(world)
    laptop, tablet = flow.devices[0], flow.device("tablet")
    codes = answers(world, (laptop, "passwd"), (tablet, *tablet.enrolment("join")), f"{OLD}\n{NEW}", OLD)
    if codes[1]:  # the password was another one before it was in
        assert codes == [0, 6], codes
        tablet.join(password=NEW)
    flow.passwords = [OLD, NEW]
    holds(flow)


@test
def two_devices_revoke_each_other_at_once(world):
    flow = Two(world)
    laptop, phone = flow.devices
    codes = answers(world, (laptop, "device", "revoke", "phone"), (phone, "device", "revoke", "laptop"),
                    f"{OLD}\n{NEW}", f"{OLD}\n{OTHER}")
    assert sorted(code == 0 for code in codes) == [False, True], codes
    flow.passwords, flow.revoked = [OLD, NEW, OTHER], [phone if codes[0] == 0 else laptop]
    holds(flow)


@test
def a_device_is_revoked_while_it_changes_the_password(world):
    flow = Two(world)
    laptop, phone = flow.devices
    codes = answers(world, (laptop, "device", "revoke", "phone"), (phone, "passwd"), f"{OLD}\n{NEW}", f"{OLD}\n{OTHER}")
    assert sorted(code == 0 for code in codes) == [False, True], codes
    flow.passwords, flow.revoked = [OLD, NEW, OTHER], [phone] if codes[0] == 0 else []
    holds(flow)


@test
def a_proxy_that_lets_everything_pass_strikes_nothing(world):
    """The matrix itself: without a weather there is nothing to repeat, and the end is the same."""
    flow = Passwd(world)
    flow.act()
    assert flow.actor.ctl("passwd", password=f"{OLD}\n{NEW}").code == 6
    holds(flow)


if __name__ == "__main__":
    main()
