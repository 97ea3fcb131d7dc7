# SPDX-License-Identifier: Apache-2.0
"""What a client sent: each byte must be one that wire/PROTOCOL.md asks for, and rounds are compared byte for byte."""

import re

from history import SUITES, unpage
from vaultformat.cursor import Cursor
from vaultformat.keyring import parse_public

ID, NUMBER = "[0-9a-f]{32}", "[1-9][0-9]{0,19}"
AUTHORIZATION = re.compile(rb"(?<=\r\nAuthorization: Vaultd )[0-9a-f]{32},[0-9]+,[0-9a-f]{128}(?=\r\n)")
SIGNED = ("host", "user-agent", "authorization")
WITH_BODY = ("host", "user-agent", "content-length", "authorization")
UPGRADE = {"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}


def prelogin(c):
    c.var(1)


def session(c):
    c.var(1), c.take(32)


def account(c):
    c.var(1), c.var(1)
    parse_public(c.var(4), SUITES)


def keyring(c):
    parse_public(c.take(len(c.data)), SUITES)


def commits(c):
    for raw in unpage(c.take(len(c.data))):
        assert raw[:4] == b"VLTD" and int.from_bytes(raw[52:56], "big") == len(raw)


def chunk(c):
    raw = c.take(len(c.data))
    assert raw[:4] == b"VLTD" and raw[6] == 20 and int.from_bytes(raw[52:56], "big") == len(raw) <= 984_152


INVENTORY = [  # every request there is: method, target, names of headers, body
    ("POST", "/v1/prelogin", WITH_BODY[:-1], prelogin),
    ("POST", "/v1/session", WITH_BODY[:-1], session),
    ("POST", "/v1/account", WITH_BODY[:-1], account),
    ("GET", rf"/v1/keyring\?from={NUMBER}", SIGNED, None),
    ("PUT", "/v1/keyring", WITH_BODY, keyring),
    ("GET", "/v1/heads", SIGNED, None),
    ("GET", rf"/v1/heads\?wait=[1-5]?[0-9]&known={ID}", SIGNED, None),
    ("GET", "/v1/watch", SIGNED, None),
    ("GET", rf"/v1/chain/{ID}\?from={NUMBER}", SIGNED, None),
    ("POST", f"/v1/chain/{ID}", WITH_BODY, commits),
    ("GET", f"/v1/blob/{ID}", SIGNED, None),
    ("GET", rf"/v1/blob/{ID}/(0|{NUMBER})", SIGNED, None),
    ("PUT", rf"/v1/blob/{ID}/(0|{NUMBER})", WITH_BODY, chunk),
]


def check(request, origin):
    """The request is one of the inventory, with nothing in it that the inventory does not name."""
    for method, target, names, body in INVENTORY:
        if request.method == method and re.fullmatch(target, request.target):
            break
    else:
        raise AssertionError(f"{request.method} {request.target} is no request of the protocol")
    extra = UPGRADE if request.target == "/v1/watch" else set()
    sent = [name for name in request.headers if name not in extra]
    assert sorted(sent) == sorted(names), f"{request.target}: headers {sent}"
    assert request.headers["host"] == origin.partition("//")[2] and request.headers["user-agent"] == "vaultd"
    if body is None:
        assert not request.body, f"{request.target} has a body"
        return
    cursor = Cursor(request.body)
    body(cursor)
    cursor.end()


def normal(request):
    """The request's bytes without those that differ each time: session, number and signature."""
    return AUTHORIZATION.sub(b"*", request.raw)


def rounds(requests):
    """Lists of requests that began with heads, whole ones; polls and log-ins are not part of a round."""
    found = []
    for request in requests:
        if request.is_poll or request.target == "/v1/session":
            continue
        if request.target == "/v1/heads":
            found.append([])
        if found:
            found[-1].append(request)
    return found


def only_round(requests):
    """All rounds must be one and the same, byte for byte; gives its requests as bytes."""
    sent = [[normal(request) for request in one] for one in rounds(requests)]
    whole = [one for one in sent if not any(len(one) < len(other) and other[: len(one)] == one for other in sent)]
    assert whole and all(one == whole[0] for one in whole), f"rounds differ: {[list(map(first_line, one)) for one in whole]}"
    return whole[0]


def first_line(raw):
    return raw.partition(b"\r\n")[0].decode()
