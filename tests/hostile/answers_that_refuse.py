#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that answers with errors, or says of a push what is not so. What it calls a failure is its word alone: it makes no
device distrust, roll or forget, and what was to be sent is sent again, byte for byte."""

import socket

import near  # noqa: F401
from scene import NEW, Home, lie, lie_to_a_push
from harness import main, test

OURS = ["E_ROLLBACK", "E_FORK", "E_KEYSTATE", "E_DOWNGRADE", "E_LOCKED", "E_CANCELLED", "E_STORAGE", "E_INTERNAL", "E_OFFLINE",
        "E_NO_DAEMON", "E_SOMETHING", ""]


@lie("K10", "E_OFFLINE", "DL05; MEGA; Caveat Implementor!", each=[(status, kind) for kind in OURS for status in (400, 409)])
def the_server_names_an_error_that_is_not_a_servers_to_name(home, status, kind):
    home.server.answer_with("GET", "/v1/heads", status, kind)


@lie("K10", "E_OFFLINE", "general", each=[204, 301, 404, 418, 500, 599])
def the_server_answers_with_a_status_and_no_word(home, status):
    home.server.answer_with("GET", "/v1/heads", status)


UNFIT = {"/v1/heads": (400, 403, 404, 409, 413), "/v1/keyring": (404, 409), "/v1/chain/": (404, 409, 413)}
CLASSES = {400: "E_USAGE", 403: "E_DENIED", 404: "E_NOT_FOUND", 409: "E_CONFLICT", 413: "E_LIMIT"}


@lie("K10", "E_TAMPER", "general", each=[(path, status) for path, some in UNFIT.items() for status in some])
def the_server_says_of_a_question_what_is_said_of_other_requests(home, path, status):
    """Nobody is told that an item is not there, or that somebody else wrote."""
    home.server.answer_with("GET", path, status, CLASSES[status])


@lie("S07", "E_LOCKED", "general", each=["/v1/heads", "/v1/keyring", "/v1/chain/"])
def the_server_refuses_every_signature(home, path):
    home.server.answer_with("GET", path, 401, "E_AUTH")


@lie("K08", "E_TAMPER", "general", each=["Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: gzip"])
def the_server_says_that_what_it_sends_is_coded(home, header):
    home.server.label_answers("GET", "/v1/heads", header)


@lie("R10", "E_TAMPER", "joplin #3297", each=["/v1/heads", "/v1/keyring", "/v1/chain/"])
def the_server_answers_in_json_that_nothing_is_encrypted(home, path):
    home.server.answer_with("GET", path, 200, None, b'{"encrypted": false, "items": [], "server_version": 1}')


@lie("R14", "E_TAMPER", "general", each=[(path, at, by) for path, at in (("/v1/heads", 36), ("/v1/keyring", 36), ("/v1/chain/", 0)) for by in (1, 60000)])
def the_server_counts_more_than_there_is(home, path, at, by):
    home.server.miscount(path, at, by)


@lie("R14", "E_TAMPER", "general", each=[(path, number) for path in ("/v1/heads", "/v1/keyring", "/v1/chain/") for number in (1, 40)])
def the_server_ends_an_answer_early(home, path, number):
    home.server.cut_from("GET", path, number)


@lie("R14", "E_TAMPER", "general", each=["/v1/heads", "/v1/keyring", "/v1/chain/"])
def the_server_adds_bytes_to_an_answer(home, path):
    home.server.add_to("GET", path, b"\0")


@lie("R14", "E_TAMPER", "general")
def the_server_names_the_chains_in_disorder(home):
    home.server.disorder_heads()


@lie("R14", "E_TAMPER", "general")
def the_server_names_a_chain_twice(home):
    home.server.name_a_chain_twice()


# Pushes


@lie_to_a_push("N06", "E_TAMPER", "BORG #2266", each=["lower", "higher", "another hash", "nothing", "more bytes"])
def the_server_says_another_head_after_a_push(home, how):
    home.server.answer_pushes(how)


@lie_to_a_push("N03", "E_TAMPER", "BORG #4883", each=["an invented commit", "another device's commit", "a commit cut short"])
def the_server_says_that_there_is_another_commit(home, how):
    home.server.answer_pushes(how)


@lie_to_a_push("R07", "E_GAP", "general")
def the_server_says_that_commits_are_missing_before_those_that_were_pushed(home):
    home.server.answer_pushes("a gap")


@lie_to_a_push("K10", "E_OFFLINE", "general", each=["E_FORK", "E_ROLLBACK", "E_KEYSTATE", "E_STORAGE", ""])
def the_server_refuses_a_push_with_an_error_that_is_not_a_servers_to_name(home, kind):
    home.server.answer_with("POST", "/v1/chain/", 409, kind)


@lie_to_a_push("K10", "E_TAMPER", "general", each=[(400, "E_USAGE"), (400, "E_TAMPER"), (404, "E_NOT_FOUND"), (409, "E_CONFLICT")])
def the_server_says_of_a_push_what_is_said_of_other_requests(home, status, kind):
    home.server.answer_with("POST", "/v1/chain/", status, kind)


@lie_to_a_push("S06", "E_LIMIT", "general")
def the_server_says_that_there_is_no_room(home):
    home.server.answer_with("POST", "/v1/chain/", 413, "E_LIMIT")


@lie_to_a_push("S04", "E_DENIED", "general")
def the_server_says_that_the_device_may_not_write(home):
    home.server.answer_with("POST", "/v1/chain/", 403, "E_DENIED")


@test(proves="R04")
def a_redirect_is_followed_nowhere(world):
    """S08, R04: nothing that a server says makes a device speak to somebody else."""
    home = Home(world)
    with socket.create_server(("127.0.0.1", 0)) as sink:
        elsewhere = "Location: http://127.0.0.1:%d/v1/heads" % sink.getsockname()[1]
        for status in (301, 302, 303, 307, 308):
            home.server.freeze(world.account, home.ids["phone"], NEW)
            for method in ("GET", "POST"):
                home.server.answer_with(method, "/v1/", status, None, b"", elsewhere)
            home.server.arm()
            home.phone.fails(10, "sync")
            novice = world.device(f"novice{status}")
            novice.fails(10, *novice.enrolment("join"), password=world.password)
        sink.settimeout(0)
        try:
            raise AssertionError(f"a redirect was followed: {sink.accept()}")
        except BlockingIOError:
            pass
    home.server.honest()
    home.phone.sync()


@test(proves="R06")
def what_was_acknowledged_and_then_forgotten_is_a_rollback(world):
    """N06: the server says that it has a commit, and never shows it."""
    home = Home(world)
    home.server.freeze(world.account, home.ids["phone"])
    home.phone.put("mine/lost", b"the server said that it has this")
    home.phone.sync()
    home.server.freeze(world.account, home.ids["phone"])
    home.server.hide_newest_commits(home.ids["phone"])
    home.server.arm()
    home.phone.fails(11, "sync")
    assert home.phone.status()["trust"] | {"code": None} == {"state": "distrusted", "reason": "E_ROLLBACK", "code": None}
    assert home.phone.get("mine/lost") == b"the server said that it has this"
    home.server.honest()
    home.phone.sync()
    home.tablet.sync()
    assert home.tablet.get("mine/lost")


if __name__ == "__main__":
    main()
