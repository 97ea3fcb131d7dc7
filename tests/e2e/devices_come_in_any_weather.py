#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A vault is made, a device joins it, one takes a new identity: in every weather, and two join at once. Most deaths of
these flows are those of a_death_at_every_step.py; here they die in the soak."""

import near  # noqa: F401
from flows import OLD, Create, Join, Roll, holds
from harness import SOAK, main, test
from matrix import EVERY, TRAFFIC, Two, add_rows, answers

CLAIMS = "6"

for flow in (Create, Join, Roll):
    add_rows(flow, EVERY if SOAK else TRAFFIC)


@test
def two_devices_join_at_once(world):
    flow = Two(world)
    one, other = flow.device("tablet"), flow.device("watch")
    assert answers(world, (one, *one.enrolment("join")), (other, *other.enrolment("join")), OLD, OLD) == [0, 0]
    holds(flow)


if __name__ == "__main__":
    main()
