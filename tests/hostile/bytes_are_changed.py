#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server alone changes, swaps, replays and invents what a device has not seen yet. It has no key, and makes right again
whatever nobody signs."""

import near  # noqa: F401
from scene import harness, lie

EVERY_FIELD = ["vault", "device", "ctr", "n", "total", "epoch", "version hash", "prev", "salt", "ck", "segment", "tag", "R",
               "S", "last byte"]


@lie("R01", "E_TAMPER", "MEGA; HT24; ZKAE LP05", each=EVERY_FIELD)
def the_server_flips_a_bit_of_the_newest_commit(home, field):
    home.server.flip(home.ids["laptop"], field)


@lie("R01", "E_TAMPER", "MEGA; HT24; ZKAE LP05", each=["salt", "ck", "segment", "S", "prev", "epoch"])
def the_server_flips_a_bit_of_a_commit_and_links_those_above_to_it(home, field):
    home.server.flip(home.ids["laptop"], field, back=2)


@lie("R01", "E_TAMPER", "MEGA; HT24; ZKAE LP05", each=["salt", "segment", "S"])
def the_server_flips_a_bit_under_the_heads_as_they_were(home, field):
    home.server.flip_under_the_true_head(home.ids["laptop"], field)


@lie("R01", "E_TAMPER", "SUNDR")
def the_server_names_another_hash_for_what_is_new(home):
    home.server.claim_more(home.ids["laptop"], 0)


@lie("K08", "E_DOWNGRADE", "ZKAE BW12, DL03-DL06; CRYPTOM #149; CVE-2026-6550",
     each=[*(("format", value) for value in (b"\0", b"\x01", b"\x03", b"\x7f", b"\xff")),
           *(("suite", value) for value in (b"\0", b"\x02", b"\x7f", b"\xff")), *(("kind", value) for value in (b"\0", b"\x7f", b"\xff"))])
def the_server_labels_a_commit_as_of_a_format_suite_or_kind_that_is_not(home, field, value):
    home.server.relabel(home.ids["laptop"], field, value)


@lie("K08", "E_TAMPER", "ZKAE BW12", each=[("suite", b"\x01"), ("magic", b"XLTD"), ("zero", b"\1")])
def the_server_labels_a_commit_with_another_suite_or_magic(home, field, value):
    home.server.relabel(home.ids["laptop"], field, value)


@lie("R04", "E_TAMPER", "ZKAE BW05, BW06, LP02, LP03", each=[b"\x02", b"\x03", b"\x04", b"\x05"])
def the_server_labels_a_commit_with_another_kind(home, kind):
    home.server.relabel(home.ids["laptop"], "kind", kind)


@lie("R02", "E_TAMPER", "CRYPTOM #119; HT24; ZKAE LP02")
def the_server_swaps_what_two_commits_seal(home):
    home.server.swap_bodies(home.ids["laptop"], 0, 1)


@lie("R02", "E_TAMPER", "CRYPTOM #119; HT24", each=[False, True])
def the_server_puts_a_commit_of_one_device_on_the_chain_of_another(home, relabel):
    home.server.graft(home.ids["mallory"], home.ids["laptop"], relabel)


@lie("R02", "E_TAMPER", "HT24")
def the_server_shows_a_new_devices_chain_as_that_of_another_new_one(home):
    home.server.invent_chain(home.oscar)


@lie("R05", "E_TAMPER", "ZKAE DL01, 1P02; gocryptfs", each=[1, 2])
def the_server_replays_an_older_commit_in_the_place_of_the_newest(home, back):
    home.server.replay_in_place_of_the_newest(home.ids["laptop"], back)


@lie("R05", "E_GAP", "ZKAE DL01, 1P02")
def the_server_swaps_two_commits(home):
    home.server.swap_places(home.ids["laptop"], renumber=False)


@lie("R05", "E_TAMPER", "ZKAE DL01, 1P02")
def the_server_swaps_two_commits_and_numbers_them_again(home):
    home.server.swap_places(home.ids["laptop"], renumber=True)


@lie("R05", "E_TAMPER", "ZKAE DL01, 1P02", each=[False, True])
def the_server_shows_a_commit_twice(home, renumber):
    home.server.repeat(home.ids["laptop"], renumber)


@lie("R07", "E_GAP", "ZKAE 1P02, DL01")
def the_server_leaves_a_commit_out_of_the_middle(home):
    home.server.leave_out(home.ids["laptop"], 1, renumber=False)


@lie("R07", "E_TAMPER", "ZKAE 1P02, DL01")
def the_server_leaves_a_commit_out_and_numbers_the_others_again(home):
    home.server.leave_out(home.ids["laptop"], 1, renumber=True)


@lie("R10", "E_TAMPER", "joplin #3297; BW type 0; HT24")
def the_server_shows_an_item_in_plain_and_says_that_it_is_not_encrypted(home):
    home.server.say_in_plain(home.ids["laptop"])


@lie("R12", "E_TAMPER", "MEGA framing; HT24; ZKAE BW08, 1P03", each=["laptop", "mallory"])
def the_server_invents_a_commit_and_signs_it_itself(home, whose):
    home.server.invent_commit(home.ids[whose])


@lie("R12", "E_TAMPER", "MATRIX")
def the_server_shows_a_chain_of_a_device_that_nobody_enrolled(home):
    home.server.invent_chain(home.ids["laptop"])


@lie("R14", "E_TAMPER", "general", each=[(1, False), (1, True), (400, True), (-1, False), (-1, True), (-4096, True)])
def the_server_cuts_a_commit_short_or_makes_it_longer(home, by, total):
    home.server.cut_short(home.ids["laptop"], by, total)


@lie("R14", "E_LIMIT", "general", each=[1310721, 3 << 20, (4 << 20) + 1])
def the_server_shows_a_commit_above_the_limit(home, size):
    home.server.swell(home.ids["laptop"], size)


@lie("R03", "E_TAMPER", "librefang #3788")
def the_server_shows_the_chains_of_another_vault_with_the_same_password(home):
    home.another_vault("hanna")
    home.server.serve_chains_of_another_vault("hanna")


if __name__ == "__main__":
    harness.main()
