#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What tests/model/vault.pml says of the counter, the hedge, the anchor, the roll and the jump, over the smaller bounds;
`./run model` has the larger ones."""

from dataclasses import replace
from functools import cache

import near  # noqa: F401
from model import DESIGN, ENDS, JUMPS, LIMITS, REASONS, SEEDED, Checker, verdict
from harness import main, test

CLAIMS = "1"

checker = cache(Checker)


def all_as_they_must_be(world, rows):
    for row in rows:
        if row.few is not None:
            found = checker(world.build).check(row, few=True)
            print(f"{row.name}: {found.states} states, depth {found.depth}, {found.result()}")
            error = verdict(row, found)
            assert error is None, f"{row.name}: {error}"


@test
def the_design_keeps_every_promise_in_every_state(world):
    all_as_they_must_be(world, DESIGN)


@test
def it_keeps_them_while_the_vault_key_changes(world):
    all_as_they_must_be(world, JUMPS)


@test
def once_accidents_end_all_come_in_step_whatever_the_state(world):
    all_as_they_must_be(world, ENDS)


@test
def counter_and_hedge_are_each_enough_where_the_other_fails(world):
    all_as_they_must_be(world, REASONS)


@test
def each_error_that_is_put_in_is_found(world):
    all_as_they_must_be(world, SEEDED)


@test
def the_limit_that_is_named_shows(world):
    all_as_they_must_be(world, LIMITS)


@test
def what_is_found_is_the_error_and_a_search_that_finds_nothing_fails(world):
    for row in SEEDED + [row for row in REASONS if row.breaks not in (None, "SALT")]:
        without = replace(row, errors=())
        found = checker(world.build).check(without, few=True)
        error = verdict(without, found) or ""
        assert error.startswith("not found"), f"{row.name}, without the error: {error or found.trail}"


if __name__ == "__main__":
    main()
