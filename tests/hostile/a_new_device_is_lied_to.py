#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server lies to a device that joins, which has the password and nothing else: it believes nothing, leaves nothing behind,
sends nothing more, and joins once it hears the truth."""

import near  # noqa: F401
from scene import NEW, Home, lie_at_join
from harness import main, test

COSTS = "ZKAE BW07, LP04, 1P04; SN004"


@lie_at_join("K01", "E_DOWNGRADE", COSTS, each=[0, 2, 0x7F, 0xFF])
def the_server_names_a_suite_that_is_not(home, suite):
    home.server.prelogin_says(suite)


@lie_at_join("K01", "E_AUTH", COSTS)
def the_server_names_a_suite_that_is_not_the_vaults(home):
    home.server.prelogin_says(1)


@lie_at_join("K01", "E_TAMPER", COSTS, each=[b"\1", (8192).to_bytes(4, "big") + b"\0\0\0\1", bytes(1000)])
def the_server_adds_costs_to_the_terms_of_the_log_in(home, more):
    home.server.add_to("POST", "/v1/prelogin", more)


@lie_at_join("K02", "E_AUTH", "SN004: understanding the salt seed", each=["seed", "vault"])
def the_server_chooses_the_salt(home, which):
    home.server.prelogin_says(**{which: bytes(32 if which == "seed" else 16)})


@lie_at_join("K02", "E_AUTH", "SN004; librefang #3788")
def the_server_gives_the_terms_and_the_vault_of_another_account_with_the_same_password(home):
    home.another_vault("hanna")
    home.server.serve_terms_of("hanna")


@lie_at_join("K05", "E_TAMPER", "HT24; MEGA; ZKAE BW11; NC24",
             each=["device", "g", "prev", "account", "slot's salt", "slot's ck", "slot's key", "slot's tag", "NET in the list", "salt", "ck",
                   "body", "link", "R", "S"])
def the_server_flips_a_bit_of_the_newest_keyring(home, field):
    home.server.flip_in_ring(field)


@lie_at_join("K05", "E_AUTH", "HT24; NC24", each=["seed", "AUTH", "vault"])
def the_server_flips_a_bit_of_what_the_password_was_derived_with(home, field):
    home.server.flip_in_ring(field)


@lie_at_join("K05", "E_TAMPER", "MEGA; ZKAE BW11", each=[(field, back) for field in ("slot's key", "body", "S") for back in (1, 3)])
def the_server_flips_a_bit_of_an_older_keyring(home, field, back):
    home.server.flip_in_ring(field, back)


@lie_at_join("K06", "E_AUTH", "ZKAE 1P06, 1P03, BW08, BW09; NC24", each=[(1,), (None,)])
def the_server_makes_a_vault_of_its_own(home, v):
    home.server.blind_to_signatures()
    home.server.build_its_own_keyring(True, v)


@lie_at_join("K06", "E_TAMPER", "ZKAE 1P06; NC24", each=[(1,), (None,)])
def the_server_makes_a_vault_of_its_own_under_the_persons_key(home, v):
    home.server.build_its_own_keyring(False, v)


@lie_at_join("D03", "E_TAMPER", "MATRIX; CVE-2022-39250")
def the_server_puts_its_own_key_in_the_list_of_devices(home):
    home.server.sign_ring_itself()


@lie_at_join("D03", "E_TAMPER", "MATRIX", each=["own list"])
def a_member_makes_the_newest_keyring_without_the_password(home, how):
    home.server.member_makes_ring("mallory", how)


@lie_at_join("D02", "E_GAP", "ZKAE 1P06", each=["laptop", "phone", "mallory", "oscar"])
def the_server_shows_nothing_of_one_device(home, whose):
    home.server.hide_chain(home.ids[whose])


@lie_at_join("D02", "E_GAP", "ZKAE 1P06")
def the_server_shows_the_keyring_and_an_empty_vault(home):
    home.server.hide_all_chains()


@lie_at_join("D02", "E_GAP", "ZKAE 1P06")
def the_server_shows_the_first_commit_of_a_device_and_no_more(home):
    home.server.hide_all_but(home.ids["laptop"], 1)


@lie_at_join("D02", "E_ROLLBACK", "ZKAE 1P06")
def the_server_shows_an_old_keyring_and_what_was_written_since(home):
    home.server.hide_newest_rings()
    home.server.hide_chain(home.oscar)
    home.server.hide_newest_commits(home.mallory)


@lie_at_join("R01", "E_TAMPER", "MEGA; HT24", each=["prev", "salt", "ck", "segment", "tag", "S"])
def the_server_flips_a_bit_of_a_commit(home, field):
    home.server.flip(home.ids["laptop"], field)


@lie_at_join("K05", "E_TAMPER", "HT24; MEGA", each=["salt", "ck", "segment", "S"])
def the_server_flips_a_bit_of_a_wrapped_device_key(home, field):
    home.server.flip(home.ids["phone"], field, back=1)


@lie_at_join("R02", "E_TAMPER", "HT24; CRYPTOM #119")
def the_server_exchanges_the_chains_of_two_devices(home):
    home.server.exchange_chains(home.ids["phone"], home.ids["tablet"])


@lie_at_join("R10", "E_TAMPER", "joplin #3297; HT24", each=["/v1/prelogin", "/v1/session"])
def the_server_says_that_nothing_is_encrypted(home, path):
    home.server.answer_with("POST", path, 200, None, b'{"encrypted": false, "items": []}')


@lie_at_join("R10", "E_TAMPER", "joplin #3297, #6338")
def the_server_says_that_there_is_no_keyring_yet(home):
    home.server.answer_with("GET", r"/v1/keyring\?", 200, None, bytes(38))


@lie_at_join("R09", "E_FORK", "SUNDR; SPORC; Depot")
def the_server_shows_the_other_branch_of_a_member_who_signed_two(home):
    home.server.show_the_other_branch("mallory", home.ids["laptop"])


@lie_at_join("R14", "E_LIMIT", "general", each=["/v1/keyring", "/v1/chain/", "/v1/heads"])
def the_server_answers_more_than_a_limit_allows(home, path):
    home.server.answer_with("GET", path, 200, None, bytes((4 << 20) + 1))


@test(proves="D01")
def a_consistent_past_is_joined_and_said_to_be_unconfirmed(world):
    """D01: with the password alone nobody can know that there is more; the date of what is newest is shown."""
    home = Home(world)
    home.news()
    home.server.return_to(world.account, "this morning")
    novice = world.device("novice")
    novice.join()
    status = novice.status()
    assert status["trust"]["state"] == "unconfirmed", status["trust"]
    assert "news/laptop/0" not in novice.names() and "kept/early" in novice.names()
    shown = {d["name"]: d["last_seen"] for d in status["devices"]}
    assert shown["laptop"], shown


@test(proves="D01 5")
def with_the_code_of_another_device_a_past_is_not_joined(world):
    """D01 with twenty digits: what lacks the checkpoint is refused, and the truth is joined."""
    home = Home(world)
    code = home.server.member_makes_a_checkpoint(world.account, "mallory")
    home.news()
    home.server.freeze(world.account, NEW)
    home.server.serve_everything_of("this morning")
    home.server.arm()
    novice = world.device("novice")
    sentence = novice.fails(11, *novice.enrolment("join"), "--expect", code, password=world.password)
    assert "code" in sentence and novice.status()["vault"]["state"] == "absent"
    home.server.honest()
    novice.join("--expect", code)
    assert novice.get("news/laptop/last") == b"the laptop has seen mallory's"


@test(proves="2 K01")
def a_release_refuses_a_suite_before_it_takes_memory_for_it(world):
    """K01 on the program that people run: the cheap suite of the tests is one that it does not know."""
    home = Home(world)
    home.server.freeze(world.account, NEW)
    novice = world.device("novice", "vaultd")
    before, mark = peak(novice), home.server.mark()
    novice.fails(11, *novice.enrolment("join"), password=world.password)
    sent = [(r.method, r.target) for r in home.server.since(mark) if r.signer in (b"", bytes(16))]
    assert sent == [("POST", "/v1/prelogin")], sent
    assert peak(novice) - before < 8 << 10, f"{peak(novice) - before} KiB more"


def peak(device):
    """KiB."""
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
