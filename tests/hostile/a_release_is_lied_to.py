#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same lies told to the program that people run: suite 1, no seams. One of each class, and more."""

import near  # noqa: F401
from scene import lie, lie_at_join
from harness import main

RELEASE = "vaultd"
TAMPERED = [("flip", "laptop", "segment"), ("flip", "laptop", "S"), ("flip", "laptop", "ck"), ("replay_in_place_of_the_newest", "laptop", 1),
            ("invent_commit", "laptop"), ("leave_out", "laptop", 1, True), ("flip_in_ring", None, "body"), ("sign_ring_itself", None)]
OPENED = ["the commitment", "the tag", "a malleable signature", "the counter repeats", "a wrong check"]


def verb(home, name, whose, *arguments):
    home.server(name, *([home.ids[whose]] if whose else []), *arguments)


@lie("R01 R02 R05 R12", "E_TAMPER", "MEGA; HT24; ZKAE", program=RELEASE, each=TAMPERED)
def the_server_alone_lies_to_a_release(home, *what):
    verb(home, *what)


@lie("K09 R14", "E_TAMPER", "Dodis et al. 2018; BORG", program=RELEASE, each=OPENED)
def a_member_lies_to_a_release(home, how):
    home.server.member_writes("mallory", how)


@lie("R07", "E_GAP", "ZKAE 1P02, DL01", program=RELEASE,
     each=[("hide_newest_commits", "laptop"), ("withhold_newest_commits", "mallory", 1), ("claim_rings", None, 1)])
def the_server_hides_from_a_release_what_others_have_named(home, *what):
    verb(home, *what)


@lie("R06", "E_ROLLBACK", "ZKAE §5.1", program=RELEASE, each=["yesterday", "this morning"])
def the_server_shows_a_release_the_past(home, when):
    home.server.serve_everything_of(when)


@lie("R09", "E_FORK", "SUNDR", program=RELEASE)
def the_server_shows_a_release_two_histories(home):
    home.server.commit_that_names("mallory", home.ids["tablet"], home.known_seq("tablet"))


@lie_at_join("K05 D02", "E_TAMPER", "HT24; MEGA; ZKAE BW11", program=RELEASE,
             each=[("flip_in_ring", None, "slot's key"), ("flip_in_ring", None, "S"), ("flip", "laptop", "segment")])
def the_server_lies_to_a_release_that_joins(home, *what):
    verb(home, *what)


if __name__ == "__main__":
    main()
