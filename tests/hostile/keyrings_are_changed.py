#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server changes the next version of the keyring, or makes one: alone, with the keys of a member, with the password."""

import near  # noqa: F401
from scene import harness, lie

WRAPS = "HT24; MEGA; ZKAE BW11; NC24"


@lie("K05", "E_TAMPER", WRAPS,
     each=["vault", "device", "ctr", "n", "total", "g", "prev", "seed", "AUTH", "RAUTH", "account", "slot's vault", "slot's v",
           "slot's salt", "slot's ck", "slot's key", "slot's tag", "recovery slot", "id in the list", "NET in the list",
           "may write", "salt", "ck", "body", "tag", "link", "signatures", "role", "R", "S"])
def the_server_flips_a_bit_of_the_next_keyring(home, field):
    home.server.flip_in_ring(field)


@lie("K05", "E_TAMPER", WRAPS, each=["slot's key", "body", "S"])
def the_server_flips_a_bit_of_the_next_keyring_under_the_head_as_it_was(home, field):
    home.server.flip_in_ring_under_the_true_head(field)


@lie("K08", "E_DOWNGRADE", "ZKAE BW12, BW10; CRYPTOM #149",
     each=[("format", b"\0"), ("format", b"\x01"), ("format", b"\x03"), ("suite", b"\0"), ("suite", b"\x02"), ("suite", b"\xff")])
def the_server_labels_the_next_keyring_as_of_a_format_or_suite_that_is_not(home, field, value):
    home.server.write_in_ring(field, value)


@lie("K01", "E_TAMPER", "ZKAE BW07, LP04, 1P04")
def the_server_gives_a_joined_device_another_suite(home):
    home.server.write_in_ring("suite", b"\x01")


@lie("K06", "E_TAMPER", "ZKAE 1P06, 1P03, BW08; NC24", each=[True, False])
def the_server_makes_the_next_keyring_itself(home, own_auth):
    home.server.hide_newest_rings()
    home.server.hide_chain(home.oscar)
    home.server.build_its_own_keyring(own_auth)


@lie("D03", "E_TAMPER", "MATRIX; CVE-2022-39250")
def the_server_puts_its_own_key_in_the_list_of_devices(home):
    home.server.sign_ring_itself()


@lie("R05", "E_TAMPER", "ZKAE DL01")
def the_server_shows_the_present_keyring_again_as_the_next(home):
    home.server.hide_newest_rings()
    home.server.hide_chain(home.oscar)
    home.server.repeat_ring()


@lie("R14", "E_TAMPER", "general", each=[1, 65, 600])
def the_server_cuts_the_next_keyring_short(home, by):
    home.server.cut_ring_short(by)


@lie("R14", "E_LIMIT", "general", each=[262145, (4 << 20) + 1])
def the_server_shows_a_keyring_above_the_limit(home, size):
    home.server.swell_ring(size)


@lie("D03", "E_TAMPER", "MATRIX; ZKAE BW08", each=["own list", "own AUTH", "own AUTH, both roles"])
def a_member_makes_the_next_keyring_without_the_password(home, how):
    home.server.member_makes_ring("mallory", how)


@lie("D11", "E_TAMPER", "ZKAE BW01-BW03, LP01, 1P01")
def a_member_adds_a_recovery_code_of_the_servers(home):
    home.server.member_makes_ring("mallory", "own recovery")


@lie("D03", "E_TAMPER", "MATRIX; Bitwarden #7709",
     each=["a device is gone", "a device has another SIG", "a device has another NET", "a device joined at another time",
           "another NK", "a head is lower", "a head is gone", "another account", "another seed", "the public list has another NET",
           "the public list has another SIG", "the public list lacks a device", "a revoked device keeps the vault key", "a device joined in an older version",
           "two versions at once", "another vault", "earlier vault keys"])
def who_has_the_password_signs_a_keyring_that_does_not_follow(home, how):
    home.server.insider_makes_ring(home.world.password.encode(), how)


@lie("K08", "E_DOWNGRADE", "ZKAE BW12; BW-sdk PR #1417")
def who_has_the_password_signs_a_keyring_with_another_minimum_format(home):
    home.server.insider_makes_ring(home.world.password.encode(), "another minimum format")


@lie("R09", "E_FORK", "SUNDR; KEYBASE")
def who_has_the_password_signs_a_keyring_with_another_hash_for_a_commit_that_is_known(home):
    home.server.insider_makes_ring(home.world.password.encode(), "a head has another hash")


@lie("R07", "E_GAP", "ZKAE 1P02")
def who_has_the_password_signs_a_keyring_with_a_head_that_is_not_there(home):
    home.server.insider_makes_ring(home.world.password.encode(), "a head is higher")


if __name__ == "__main__":
    harness.main()
