#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one account of a server, or somebody with none, can do to another: every endpoint with ids of one's own, of others,
of nobody and of nothing; accounts taken over, or taken again; requests replayed, reordered and spliced by who sits between.
Nothing is told and nothing changes."""

import re
import shutil
import subprocess
import threading

import near  # noqa: F401
from caller import AUTH, Caller, Vault, call, chain, page, post, prelogin, raw_request

from harness import main, test
from proxy import Cut
from vaultformat.cursor import var8, var32

CLAIMS = "A07"

HOUSE = ("anna", "ben")


def administer(world, *words):
    argv = [world.build / "vault-server", "--data", world.server.data, *map(str, words)]
    return subprocess.run(argv, env=world.bare_env, capture_output=True, text=True, check=True).stdout


class Stored:
    """What the server holds for each account, byte for byte; nothing() says that none of it has changed."""

    def __init__(self, world, *accounts):
        self.world, self.accounts, self.count = world, accounts, 0
        self.before = self.now()

    def now(self):
        self.count += 1
        found = {}
        for account in self.accounts:
            folder = self.world.folder / f"stored-{self.count}-{account}"
            administer(self.world, "export", account, folder)
            found |= {(account, str(p.relative_to(folder))): p.read_bytes() for p in folder.rglob("*.bin")
                      if p.name != "manifest.bin"}  # which says when
            shutil.rmtree(folder)
        assert found
        return found | {"accounts": administer(self.world, "account", "ls")}

    def unchanged(self):
        assert self.now() == self.before, "something that the server stores has changed"


class Neighbours:
    """Anna, of two devices and one that is revoked; and Ben, with a device of his own name."""

    def __init__(self, world):
        self.port = world.start_server().port
        self.anna, self.ben = Vault("anna"), Vault("ben", b"another password")
        for vault, second in ((self.anna, "annas"), (self.ben, "bens")):
            assert vault.register(self.port).status == 200
            caller = Caller(self.port, vault, "a")
            self.sends(caller, vault, "a")
            vault.join(second)
            assert caller("PUT", "/v1/keyring", vault.rings[-1].raw).status == 200
            self.sends(caller, vault, second)
        self.anna.join("lost")
        by = Caller(self.port, self.anna, "a")
        assert by("PUT", "/v1/keyring", self.anna.rings[-1].raw).status == 200
        self.anna.revoke("lost", 0)
        assert by("PUT", "/v1/keyring", self.anna.rings[-1].raw).status == 200
        self.nobody = bytes(range(16))

    def sends(self, caller, vault, name):
        answer = caller("POST", chain(vault.devices[name].id), page(vault.devices[name].chain))
        assert answer.status == 200, answer


def bens_commit(two):
    """A commit of Ben's device that his server would take."""
    two.ben.put("bens", "note", b"x")
    return two.ben.devices["bens"].chain[-1]


@test
def a_chain_of_a_neighbour_is_answered_like_one_that_is_not_there(world):
    two = Neighbours(world)
    stored = Stored(world, *HOUSE)
    by = Caller(two.port, two.anna, "a")
    commit = bens_commit(two)
    for method, suffix, body in (("GET", "?from=1", b""), ("POST", "", page([commit])), ("POST", "", b"nonsense")):
        theirs = by(method, chain(two.ben.devices["bens"].id, suffix), body)
        assert theirs.status == 404 and theirs.kind == "E_NOT_FOUND" and theirs.body == b"", theirs
        assert by(method, chain(two.nobody, suffix), body).bytes == theirs.bytes
        if method == "GET":  # a password may read as much as a device
            password = Caller(two.port, two.anna)
            assert password(method, chain(two.ben.devices["bens"].id, suffix)).bytes == theirs.bytes
    # Both have a device of this id: what is answered is one's own.
    assert by.get(chain(two.anna.devices["a"].id, "?from=1")).body == page(two.anna.devices["a"].chain)
    foreign = by("POST", chain(two.anna.devices["annas"].id), page([commit]))
    assert foreign.status == 400 and foreign.kind == "E_TAMPER", foreign
    stored.unchanged()
    assert Caller(two.port, two.ben, "bens")("POST", chain(two.ben.devices["bens"].id), page([commit])).status == 200


ODD = ["", "0", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "../" * 10 + "aa", "%2e" * 10 + "aa", "." * 32, "'" * 32,
       "1'or'1'='1", "a" * 31 + "%00", "a" * 31 + ";", "a" * 32 + "/", "a" * 32 + "//", "*" * 32, "%s" * 16, "-" * 32,
       "{}" * 16, "a" * 5000]


@test
def an_id_that_is_none_is_a_path_that_is_not_there(world):
    two = Neighbours(world)
    stored = Stored(world, *HOUSE)
    by = Caller(two.port, two.anna, "a")
    first = by.get("/v1/chain/?from=1")
    assert first.status == 404
    for odd in ODD:
        for method in ("GET", "POST"):
            answer = by(method, f"/v1/chain/{odd}" + ("?from=1" if method == "GET" else ""))
            assert answer.bytes == first.bytes, (odd, answer)
    for target in ("/v1/keyring?from=1&vault=" + two.ben.vault_id.hex(), "/v1/heads?account=ben", "/v1/keyring?from=1'"):
        assert by.get(target).status == 400, target
    for account in ("", "Ben", "ben'--", "../ben", "ben\0", "b" * 129, "ben ", "ben%00", "be\xc3\xb1"):
        answer = post(two.port, "/v1/prelogin", var8(account.encode("latin-1")))
        assert answer.status == 400 and answer.body == b"", (account, answer)
    stored.unchanged()


@test
def whoever_mixes_accounts_vaults_keys_and_sessions_is_refused_in_the_same_words(world):
    two = Neighbours(world)
    stored = Stored(world, *HOUSE)
    port, anna, ben = two.port, two.anna, two.ben
    mixes = {
        "the other's account": dict(account="ben"),
        "the other's vault": dict(vault_id=ben.vault_id),
        "the other's account and vault": dict(account="ben", vault_id=ben.vault_id),
        "the other's device": dict(key_id=ben.devices["bens"].id),
        "nobody's account": dict(account="eve", vault_id=prelogin(port, "eve")[1]),
        "nobody's account with a vault that is there": dict(account="eve"),
        "nobody's device": dict(key_id=two.nobody),
        "the password's id with a device's key": dict(key_id=AUTH),
        "a device's id with the password's key": dict(seed=anna.auth),
        "a revoked device": dict(key_id=anna.devices["lost"].id, seed=anna.devices["lost"].net),
        "the other's signature": dict(seed=ben.devices["a"].net),
    }
    requests = [("GET", "/v1/heads", b""), ("GET", "/v1/keyring?from=1", b""),
                ("PUT", "/v1/keyring", two.anna.rings[-1].raw), ("GET", chain(anna.devices["a"].id, "?from=1"), b""),
                ("POST", chain(anna.devices["a"].id), page(anna.devices["a"].chain))]
    answers = set()
    for claim in mixes.values():
        for request in requests:
            answers.add(Caller(port, anna, "a", **claim)(*request).bytes)
    assert len(answers) == 1 and answers.pop().startswith(b"HTTP/1.1 401 "), answers
    # The session of one in the name of the other: the signature is over the account.
    one = Caller(port, anna, "a")
    one.account, one.vault_id, one.key_id, one.seed = "ben", ben.vault_id, ben.devices["a"].id, ben.devices["a"].net
    assert one.get("/v1/heads").status == 401
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    for claim in mixes.values():
        mixed = Caller(port, anna, "a", **claim)
        watch = raw_request("GET", "/v1/watch", headers=[*upgrade, mixed.authorization("GET", "/v1/watch")])
        assert call(port, watch).status in (401, 429), claim
    assert call(port, raw_request("GET", "/v1/watch", headers=[*upgrade])).status == 401
    honest = Caller(port, anna, "a")
    watch = raw_request("GET", "/v1/watch", headers=[*upgrade, honest.authorization("GET", "/v1/watch")])
    assert call(port, watch).status == 101, "the same without the lie"
    stored.unchanged()


@test
def a_removed_account_is_one_that_never_was_and_its_old_keys_open_nothing_of_who_takes_the_name(world):
    two = Neighbours(world)
    port, old = two.port, two.ben
    device, password = Caller(port, old, "bens"), Caller(port, old)
    assert device.get("/v1/heads").status == password.get("/v1/heads").status == 200
    administer(world, "account", "rm", "ben")
    never = Caller(port, old, "bens", account="eve").get("/v1/heads")
    assert never.status == 401
    for gone in (device, password, Caller(port, old, "bens"), Caller(port, old)):
        assert gone.get("/v1/heads").bytes == never.bytes
        assert gone.get(chain(old.devices["bens"].id, "?from=1")).bytes == never.bytes
    assert prelogin(port, "ben")[1] not in (old.vault_id, bytes(16)) and prelogin(port, "ben") == prelogin(port, "ben")
    new = Vault("ben", b"his namesake's password", salt=b"new")
    assert new.register(port).status == 200
    stored = Stored(world, *HOUSE)
    assert prelogin(port, "ben")[1] == new.vault_id
    for gone in (device, password, Caller(port, old, "bens"), Caller(port, old), Caller(port, old, "bens", vault_id=new.vault_id),
                 Caller(port, old, vault_id=new.vault_id)):
        for request in (("GET", "/v1/heads"), ("PUT", "/v1/keyring", old.rings[-1].raw),
                        ("POST", chain(old.devices["a"].id), page(old.devices["a"].chain))):
            assert gone(*request).bytes == never.bytes
    stored.unchanged()
    assert Caller(port, new, "a").get("/v1/heads").status == 200


def register(port, account, keyring):
    return post(port, "/v1/account", var8(account.encode()) + var8(b"") + var32(keyring))


@test(proves="A18")
def nobody_takes_an_account_over(world):
    two = Neighbours(world)
    stored, port, anna, ben = Stored(world, *HOUSE), two.port, two.anna, two.ben
    squatter = Vault("anna", b"the squatter's", salt=b"squatter")
    again = squatter.register(port)
    assert again.status == 409 and again.kind == "E_CONFLICT" and again.body == b"", again
    assert register(port, "carl", anna.rings[0].raw).status == 400, "a keyring that says it is Anna's"
    twin = Vault("carl", salt=b"twin")
    twin.vault_id = anna.vault_id
    twin.rings, twin.devices = [], {}
    twin.choose(b"password")
    twin.add_device("a", 1)
    twin.ring(twin.first())
    taken = twin.register(port)
    assert taken.status == 409 and taken.bytes == again.bytes, "a vault id is taken once"
    # Another's keyring, a keyring without the password, one with another account's signature, an old one, in all doors.
    forged = Vault("anna", b"the squatter's", salt=b"squatter")
    forged.vault_id = anna.vault_id
    forged.rings = [anna.rings[-1]]
    for signers in ([(1, forged.auth)], [(1, forged.auth), (2, forged.auth)], [(1, forged.auth), (2, ben.auth)],
                    [(1, anna.auth), (2, forged.auth)]):
        forged.choose(b"the squatter's")
        forged.rings = [anna.rings[-1]]
        forged.vks = [*anna.vks, forged.fresh()]
        forged.devices = anna.devices
        forged.ring(forged.next(), signers)
        for by in (Caller(port, anna, "a"), Caller(port, anna)):
            refused = by("PUT", "/v1/keyring", forged.rings[-1].raw)
            assert refused.status == 400 and refused.kind == "E_TAMPER", refused
        assert Caller(port, ben, "a")("PUT", "/v1/keyring", forged.rings[-1].raw).status == 400
        assert call(port, raw_request("PUT", "/v1/keyring", forged.rings[-1].raw)).status == 401
    for old in anna.rings[:-1]:
        assert Caller(port, anna, "a")("PUT", "/v1/keyring", old.raw).status == 409, "an older version"
    for method in ("DELETE", "PUT", "POST"):
        for target in ("/v1/account", "/v1/account/anna", "/v1/keyring/1", "/v1/vault/" + anna.vault_id.hex()):
            if (method, target) != ("POST", "/v1/account"):
                assert Caller(port, ben, "a")(method, target).status == 404, (method, target)
    assert squatter.register(port).status == 409
    stored.unchanged()
    assert anna.register(port).status == 200, "the owner's own bytes again are no news"
    assert Caller(port, anna, "a").get("/v1/heads").status == 200


# -- Between a device and its server


class Tap:
    """A rule of the proxy: keeps each request as it came. While `withhold` is a method, requests of that method never reach the server."""

    def __init__(self):
        self.withhold, self.kept, self.lock = None, [], threading.Lock()

    def __call__(self, exchange):
        if exchange.answer is None:
            with self.lock:
                self.kept.append(exchange.request + exchange.body)
            if exchange.method == self.withhold:
                raise Cut()

    def signed(self):
        with self.lock:
            return [raw for raw in self.kept if b"\r\nAuthorization: " in raw and b" /v1/watch " not in raw]


def tapped(world):
    world.start_server(proxied=True)
    tap = world.proxy.rule = Tap()
    laptop = world.device("laptop")
    laptop.create()
    for n in range(5):
        laptop.put("note", b"%d" % n)
        laptop.sync()
    return laptop, tap


def kind_of(raw):
    return raw.split(b" /v1/")[0], b" /v1/keyring" in raw


@test(proves="A10")
def what_a_device_sent_is_worth_nothing_a_second_time(world):
    laptop, tap = tapped(world)
    phone = world.device("phone")
    phone.join()
    phone.put("note", b"and the phone's")
    phone.sync()
    phone.stop()
    laptop.sync()
    laptop.stop()
    stored, port, seen = Stored(world, "anna"), world.server.port, tap.signed()
    assert {kind_of(raw)[0] for raw in seen} == {b"GET", b"POST", b"PUT"} and len(seen) > 20
    for raw in (*seen, *reversed(seen)):  # at once, and in another order
        answer = call(port, raw)
        assert answer.status == 401 and answer.kind == "E_AUTH", (raw[:60], answer)
    world.server.stop()
    world.server.start()
    for raw in seen:  # yesterday's, on a server that has been restarted
        assert call(port, raw).status == 401
    stored.unchanged()
    laptop.start()
    laptop.sync()


def number_of(raw):
    return int(re.search(rb"\r\nAuthorization: Vaultd [0-9a-f]+,(\d+),", raw)[1])


def with_header(raw, name, change):
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [change(line) if line.startswith(name) else line for line in head.split(b"\r\n")]
    return b"\r\n".join(line for line in lines if line is not None) + b"\r\n\r\n" + body


def splices(raw, other):
    """The request in every way that it was not signed: another's parts, its own parts left out or changed."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    method, target, version = first.split(b" ")

    def built(line, body=body, rest=rest):
        rest = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), rest)
        return line + b"\r\n" + rest + b"\r\n\r\n" + body

    yield "another method", built(b"PUT /v1/keyring " + version)
    yield "another target", built(b" ".join([method, other, version]))
    yield "a query added", built(b" ".join([method, target + b"?from=1", version]))
    yield "a body cut", built(first, body[:-1])
    yield "a body gone", built(first, b"")
    yield "a body longer", built(first, body + b"\0")
    yield "a bit of the body", built(first, body[:-1] + bytes([body[-1] ^ 1]))
    yield "no signature", with_header(raw, b"Authorization", lambda _: None)
    yield "an empty signature", with_header(raw, b"Authorization", lambda _: b"Authorization: Vaultd ,,")
    yield "a cut signature", with_header(raw, b"Authorization", lambda line: line[:-2])
    yield "another number", with_header(
        raw, b"Authorization", lambda line: re.sub(rb",(\d+),", lambda m: b",%d," % (int(m[1]) + 1), line))
    yield "another session", with_header(raw, b"Authorization", lambda line: line.replace(b"Vaultd ", b"Vaultd 0", 1)[:-1])


@test(proves="A10")
def a_request_that_never_arrived_cannot_be_turned_into_another(world):
    laptop, tap = tapped(world)
    tap.withhold = "POST"
    laptop.put("note", b"the proxy keeps this one")
    laptop.fails(10, "sync")
    withheld = [raw for raw in tap.signed() if kind_of(raw)[0] == b"POST"][-1]
    laptop.stop()
    stored, port = Stored(world, "anna"), world.server.port
    for what, raw in splices(withheld, chain(bytes(16)).encode()):
        answer = call(port, raw)
        assert answer.status in (400, 401), (what, answer)
        stored.unchanged()
    # Another server with everything that this one has, the secret too, takes it for nobody's.
    copy = world.folder / "copy"
    copy.mkdir(mode=0o700)
    administer(world, "backup", copy / "data.mdb")
    other = world.start_server(name="other", data=copy)
    assert call(other.port, withheld).status == 401
    # All of that was good for nothing, and not because the request was: untouched it is taken, once.
    assert call(port, withheld).status == 200
    assert Stored(world, "anna").before != stored.before
    assert call(port, withheld).status == 401
    tap.withhold = None
    laptop.start()
    laptop.sync()  # it learns that its commit is there already
    assert laptop.status()["sync"]["pending"] == 0 and laptop.status()["trust"]["state"] != "distrusted"


if __name__ == "__main__":
    main()
