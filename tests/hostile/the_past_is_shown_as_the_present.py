#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server shows what was, in whole or in part, or hides what is. What a device has verified it remembers; what it has not
seen yet, another device or a keyring has named."""

import near  # noqa: F401
from scene import harness, lie

SEEN = "ZKAE §5.1; BW-sdk security_state.rs"


@lie("R06", "E_ROLLBACK", SEEN, each=["yesterday", "this morning"])
def the_server_shows_everything_as_it_was(home, when):
    home.server.serve_everything_of(when)


@lie("R06", "E_ROLLBACK", SEEN)
def the_server_shows_the_keyring_of_yesterday_with_the_chains_of_today(home):
    home.server.serve_keyring_of("yesterday")


@lie("R06", "E_ROLLBACK", SEEN, each=["laptop", "tablet", "mallory"])
def the_server_shows_one_chain_as_it_was_and_all_else_as_it_is(home, whose):
    home.server.serve_chains_of("this morning", home.ids[whose])


@lie("R06", "E_ROLLBACK", SEEN)
def the_server_shows_the_keyring_of_today_with_the_chains_of_this_morning(home):
    home.server.serve_chains_of("this morning")


@lie("N06", "E_ROLLBACK", "BORG #2266, #6229", each=[1, 2])
def the_server_hides_own_commits_that_it_had_acknowledged(home, number):
    home.server.hide_newest_commits(home.ids["phone"], number)


@lie("N06", "E_GAP", "BORG #6229", each=[1, 1000, 2**63, 2**64 - 100])
def the_server_says_that_the_own_chain_is_longer_and_has_nothing_to_show(home, more):
    home.server.claim_more(home.ids["phone"], more)


@lie("N06", "E_TAMPER", "BORG #6229")
def the_server_invents_the_next_own_commit(home):
    home.server.invent_commit(home.ids["phone"])


@lie("R07", "E_ROLLBACK", "ZKAE 1P02, DL01", each=["tablet", "mallory", "phone"])
def the_server_shows_nothing_of_a_chain_that_was_known(home, whose):
    home.server.hide_chain(home.ids[whose])


@lie("R07", "E_GAP", "ZKAE 1P02; Borg 2 docs")
def the_server_hides_that_an_item_was_removed(home):
    home.server.hide_newest_commits(home.ids["laptop"])


@lie("R07", "E_GAP", "ZKAE 1P02, DL01", each=[2, 4])
def the_server_hides_new_commits_that_another_device_has_named(home, number):
    home.server.hide_newest_commits(home.ids["laptop"], number)


@lie("R07", "E_GAP", "ZKAE 1P02, DL01")
def the_server_hides_the_chain_of_a_new_device(home):
    home.server.hide_chain(home.oscar)


@lie("R07", "E_ROLLBACK", "ZKAE 1P02")
def the_server_hides_a_new_device_with_its_chain_and_others_have_written_since(home):
    home.server.hide_newest_rings()
    home.server.hide_chain(home.oscar)
    home.server.hide_newest_commits(home.mallory)


@lie("R07", "E_TAMPER", "MATRIX")
def the_server_hides_a_new_device_and_shows_its_chain(home):
    home.server.hide_newest_rings()


@lie("R07", "E_GAP", "ZKAE 1P02", each=[("laptop", 1), ("laptop", 4), ("mallory", 1), ("oscar", 1)])
def the_server_names_commits_and_withholds_them(home, whose, number):
    home.server.withhold_newest_commits(home.ids[whose], number)


@lie("R07", "E_GAP", "ZKAE 1P02", each=[1, 2**40, 2**64 - 100])
def the_server_names_commits_that_nobody_made(home, more):
    home.server.claim_more(home.ids["laptop"], more)


@lie("R07", "E_GAP", "ZKAE 1P02", each=[1, 100, 2**32 - 10])
def the_server_names_keyring_versions_that_nobody_made(home, more):
    home.server.claim_rings(more)


@lie("R09", "E_TAMPER", "SUNDR; SPORC; Depot", each=[bytes(range(32)), bytes(32)])
def the_server_names_another_hash_for_a_commit_that_was_verified(home, digest):
    """Heads are not signed: until it shows what has the hash, it has said nothing that a person must know for good."""
    home.server.claim_head(home.mallory, home.known_seq("mallory"), digest)


@lie("R09", "E_TAMPER", "SUNDR; KEYBASE")
def the_server_names_another_hash_for_the_keyring_that_was_verified(home):
    home.server.hide_newest_rings()
    home.server.claim_ring(home.phone.status()["vault"]["keyring_version"], bytes(range(32)))


@lie("R03", "E_TAMPER", "librefang #3788")
def the_server_shows_another_vault_in_the_place_of_this_one(home):
    home.another_vault("hanna")
    more = [home.server.member_joins("hanna", home.world.password.encode(), name) for name in ("a", "b", "c")]
    assert len(more) + 1 == home.phone.status()["vault"]["keyring_version"]
    home.server.serve_another_vault("hanna")


if __name__ == "__main__":
    harness.main()
