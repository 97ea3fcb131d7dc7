#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that only watches: what it could learn from sizes, repetitions, times and from every value that it is ever given."""

import os

import near  # noqa: F401
from scene import Home
from evil import EvilServer
from harness import main, test
from history import public_part, unpage
from honest import AUTH, NOBODY
from vaultformat.primitives import derive, ed25519_public, sha256
from vaultformat.seal import padded, seal_keys
from traffic import check

LABELS = ["auth", "password-slot", "hedge", "seal", "dk-wrap", "keyring-body", "keyring-link", "local", "anchor", "name-tag",
          "version-check", "slot-psk", "recovery-box", "recovery-auth", "recovery-psk", "commit", "keyring", "request", "state",
          "kdf"]


def lone_laptop(world):
    server, laptop = EvilServer(world), world.device("laptop")
    laptop.create()
    laptop.sync()
    return server, laptop


def pushed(server, mark):
    """The commits that came since."""
    return [raw for r in server.since(mark) if r.method == "POST" and "/v1/chain/" in r.target for raw in unpage(r.body)]


def pushed_by(server, device, name, value, *options):
    mark = server.mark()
    device.ok("put", name, *options, input=value)
    device.sync()
    return pushed(server, mark)


@test(proves="M01 M04")
def a_size_is_one_of_a_few(world):
    """M01: lengths that differ by a byte cannot be told apart, but at the few steps; no size is off by more than an eighth."""
    server, laptop = lone_laptop(world)
    sizes = {}
    with laptop.rpc() as rpc:
        for length in [*range(0, 700, 7), 5000, 5001, 5100, 16000, 16384, 16385, 40000, 40001, 65536]:
            mark = server.mark()
            rpc.put("item", bytes(length))
            rpc.call("sync.now")
            sizes[length] = [len(raw) for raw in pushed(server, mark)]
    for length, (size,) in sizes.items():
        sealed = size - 264
        plain = next(n for n in range(max(sealed - 80, 0), sealed) if n + 16 * -(-n // 16384) == sealed)
        assert plain == padded(plain), f"{length} bytes became {plain}, which is no size of the padding"
        assert plain <= max(256, (length + 200) * 9 // 8), f"{length} bytes became {plain}"
    assert len({size for length, (size,) in sizes.items() if length < 700}) <= 32, "padding has too many steps"


@test(proves="M02")
def nothing_in_two_vaults_tells_that_they_have_one_name_one_value_or_one_password(world):
    """M02, K02."""
    server, vaults = EvilServer(world), {}
    for account in ("anna", "hanna"):
        device = world.device(account)
        words = device.enrolment("create")
        words[words.index("anna", 3)] = account
        device.ok(*words[:-1], "laptop", password=world.password)
        for _ in range(2):
            device.put("same/name", b"the same value " * 20)
            device.sync()
        rings, chains = server.bytes_of(account)
        vaults[account] = [*(raw[56:] for raw in rings), *(raw[136:] for chain in chains.values() for raw in chain)]
    one, two = ({raw[at : at + 8] for raw in raws for at in range(len(raw) - 8)} for raws in vaults.values())
    shared = {piece for piece in one & two if len(set(piece)) > 3}
    lengths = {raw for raw in shared if raw.count(0) > 3 or b"VLTD" in raw or raw.startswith(b"LTD") or b"nna" in raw}
    assert not shared - lengths, shared - lengths
    rings = [public_part(server.bytes_of(account)[0][0]) for account in ("anna", "hanna")]
    assert rings[0].auth_pk != rings[1].auth_pk and rings[0].seed != rings[1].seed
    repeated = [raw[136:] for raw in server.bytes_of("anna")[1].popitem()[1]]
    assert len({raw[64:80] for raw in repeated}) == len(repeated), "one value sealed twice looks the same"


@test(proves="M03")
def reading_and_locking_cause_no_traffic_and_an_unlock_asks_once(world):
    """M03: what is read, and when, nobody learns; that somebody unlocks shows as one question for the heads."""
    home = Home(world)
    for device in (home.laptop, home.tablet):
        device.stop()
    home.phone.sync()
    mark = home.server.mark()
    for _ in range(10):
        home.phone.values()
        home.phone.names("kept/")
        home.phone.ok("history", "kept/early")
    home.phone.ok("lock")
    home.phone.status()
    caused = [(r.method, r.target) for r in home.server.since(mark) if not r.is_poll]
    assert not caused, caused
    home.phone.unlock()
    home.phone.values()
    caused = {(r.method, r.target) for r in home.server.since(mark) if not r.is_poll}
    assert caused <= {("GET", "/v1/heads")}, caused


@test(proves="M01 M04")
def a_guess_beside_a_secret_changes_no_size(world):
    """M04: an app that may write cannot learn from sizes whether it guessed what another one wrote."""
    server, laptop = lone_laptop(world)
    secret = b"correct horse battery staple and so on " * 20
    pushed_by(server, laptop, "bank/secret", secret)
    sizes = set()
    for number, guess in enumerate((secret, secret[::-1], os.urandom(len(secret)), bytes(len(secret)), b"a" * len(secret))):
        sizes.add(tuple(len(raw) for raw in pushed_by(server, laptop, f"app/guess{number}", guess)))
    assert len(sizes) == 1, sizes


@test(proves="M05")
def every_byte_that_is_sent_is_of_the_inventory(world):
    """M05: no name of a device, host, program version, time or error goes out."""
    home = Home(world)
    home.phone.ok("put", "an/item", "--type", "text/x-secret-type", "--attr", "secret-key=secret-attribute", input=b"value")
    home.phone.ok("rm", "an/item")
    home.phone.sync()
    home.everything_sent_is_of_the_protocol()
    words = [b"laptop", b"tablet", b"phone", b"secret-", b"an/item", os.uname().nodename.encode(), b"Linux", b"20" + b"26"]
    for request in home.server.since(0):
        head = request.raw[: len(request.raw) - len(request.body)]
        assert not [word for word in words[:5] if word in request.raw], request.target
        assert not [word for word in words[5:7] if word in head], head
        check(request, home.server.url)


@test(proves="K04")
def nothing_that_is_sent_or_stored_checks_a_guess_of_the_password_without_argon2(world):
    """K04: no value opens the slot, is a quick hash of the password, or gives a key by any of our labels."""
    server, laptop = lone_laptop(world)
    laptop.put("a", b"1")
    laptop.sync()
    laptop.ok("lock")
    laptop.fails(6, "unlock", password="a wrong one")
    ring = public_part(server.bytes_of("anna")[0][0])
    password, slot = world.password.encode(), ring.password_slot
    quick = [sha256(password), *(derive(password, name, ring.vault_id) for name in LABELS),
             *(derive(sha256(password), name, ring.vault_id) for name in LABELS)]
    seen = [request.raw for request in server.since(0)] + [(laptop.vault_folder / "data.mdb").read_bytes()]
    for raw in seen:
        assert password not in raw and not any(key in raw for key in quick)
    for request in server.since(0):
        for at in range(0, max(len(request.body) - 31, 0)):
            opens_nothing(request.body[at : at + 32], ring, slot)
    unsigned = [r for r in server.since(0) if r.signer in (NOBODY, AUTH)]
    assert {r.target for r in unsigned} == {"/v1/account"}, "a created vault is logged in to by its device"


def opens_nothing(value, ring, slot):
    """Neither as it is nor by a label is it the key of the slot, the root or AUTH."""
    ck = slot[96:128]
    assert seal_keys(value, slot[64:96], slot[:64])[1] != ck, "a value that was sent opens the password slot"
    if len(set(value)) > 16:
        for name in ("auth", "password-slot"):
            key = derive(value, name, ring.vault_id)
            assert seal_keys(key, slot[64:96], slot[:64])[1] != ck
            assert name != "auth" or ed25519_public(key) != ring.auth_pk


if __name__ == "__main__":
    main()
