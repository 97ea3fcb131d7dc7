#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""When a vault is locked, its daemon's memory holds no password, no key and no value: not of what was read and written,
and not of what went wrong on the way. Root reads all of the process's memory and searches it."""

import hashlib
import secrets
import socket

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

import near  # noqa: F401
from harness import main, test
from memory import dump, look_for, of_key
from rpc import Refused
from vaultformat.commit import check_key, dk_wrap
from vaultformat.keyring import body_key
from vaultformat.primitives import derive, password_root
from vaultformat.vault import Vault
from waiting import wait_until

CLAIMS = "L09"


def word(size=36):
    """Random, and the same in UTF-8, in JSON and in the daemon's memory."""
    return secrets.token_urlsafe(size)[:size]


SHORT = 15  # characters that a std::string keeps within itself


class Told:
    """All that was given to the daemon or read from it and must be gone: {name: bytes}."""

    def __init__(self):
        self.all = {}

    def new(self, name, size=36):
        text = word(size)
        self.all[name] = text.encode()
        return text


# Keys.


def keys_of_vault(device, password):
    """Every key that the password and an export give, without help of the daemon's code."""
    folder = device.world.folder / f"{device.name}-export-{secrets.token_hex(4)}"
    device.ok("export", "--sealed", str(folder), "--without-large")
    vault = Vault(folder, password.encode(), test_suite=True)
    ring = vault.rings.newest
    root = password_root(password.encode(), ring.suite, ring.account, ring.vault_id, ring.seed)
    vk = vault.rings.vks[-1]
    found = {"root": root, "AUTH": derive(root, "auth", ring.vault_id), "NK": ring.nk, "VK": vk,
             "PWK": derive(root, "password-slot", ring.vault_id), "checks": check_key(ring.nk, ring.vault_id)}
    for name in ("keyring-link", "local", "anchor"):
        found[name] = derive(vk, name, ring.vault_id)
    for v in vault.rings.versions:
        found[f"body of keyring {v}"] = body_key(vk, ring.vault_id, v)
    for chain in vault.chains.values():
        found[f"DK of {chain.folder}"] = chain.dk
        found[f"wrap of {chain.folder}"] = dk_wrap(vk, ring.vault_id, chain.device.device_id, chain.headers[-1].epoch)
        for seq, ek in enumerate(chain.eks, chain.first):
            found[f"ek of {chain.folder}/{seq}"] = ek
    return found


def keys_of_seals(audit, dks):
    """The keys under which the daemon sealed, and, from the sealed identity, the private halves of its device."""
    found = {}
    for n, line in enumerate(audit.read_text().splitlines()):
        key, ek, iv, ciphertext = map(bytes.fromhex, line.split())
        found[f"K of seal {n}"], found[f"ek of seal {n}"] = key, ek
        plain = Cipher(AES(ek), CTR(iv + bytes([0, 0, 0, 2]))).decryptor().update(ciphertext[:-16])
        for dk in dks:
            at = plain.find(dk)
            if 0 <= at and any(plain[at + 32 : at + 96]):
                found["SIG"], found["BOX"] = plain[at + 32 : at + 64], plain[at + 64 : at + 96]
    return found


def keys_of(device, audit):
    found = keys_of_vault(device, device.world.password)
    found |= keys_of_seals(audit, [key for name, key in found.items() if name.startswith("DK")])
    assert "SIG" in found and "BOX" in found, "the sealed identity was found"
    return found | expanded(found)


def expanded(keys):
    """What Ed25519 makes of a seed before it signs."""
    return {f"expanded {name}": hashlib.sha512(keys[name]).digest() for name in ("AUTH", "SIG") if name in keys}


# A day of a daemon.


def use(device, told):
    """Every way in which a value gets in and out; the connection on which it did stays open."""
    rpc = device.rpc()
    attributes = {"user": told.new("an attribute"), "pin": told.new("a short attribute", SHORT)}
    old = rpc.call("item.put", name="one", value=told.new("an old value"), attributes=attributes)["version"]
    rpc.call("item.put", name="one", value=told.new("a value"), content_type="text/" + told.new("a type"))
    rpc.put("two", told.new("a value in base64").encode() + b"\xff")
    rpc.put("large", told.new("a large value").encode() * 1500)
    rpc.call("item.put_many", items=[{"name": f"m{n}", "value": told.new(f"of many {n}")} for n in range(5)])
    rpc.call("item.put", name=told.new("a name"), value="x")
    rpc.call("item.put", name=told.new("a short name", SHORT), value=told.new("a short value", SHORT))
    rpc.get(told.all["a short name"].decode())
    assert rpc.get("one", version=old) == told.all["an old value"]
    assert rpc.get("one") == told.all["a value"]
    for name in ("two", "large", "m3"):
        rpc.get(name)
    list(rpc.list(attributes=attributes))
    list(rpc.list())
    rpc.call("item.history", name="one")
    rpc.call("item.restore", name="one", version=old)
    return rpc


def go_wrong(device, told):
    """What does not end as it should: it leaves no more behind than what does."""
    with device.rpc() as rpc:
        for bad in ({"if_version": "0-0"}, {"content_type": "x" * 500}, {"unknown": 1}, {"value_base64": "eA=="}):
            try:
                rpc.call("item.put", name="one", value=told.new(f"refused for {bad}"), **bad)
                raise AssertionError(f"{bad} was taken")
            except Refused:
                pass
        rpc.raw(b'{"jsonrpc":"2.0","id":1,"method":"item.put","params":{"value":"%s",' % told.new("no JSON").encode())
        number = rpc.send("item.get", {"name": "large"})
        rpc.send("$/cancelRequest", {"id": number})
        rpc.receive()
    try:
        with device.rpc() as rpc:
            rpc.call("vault.unlock", password=told.new("a wrong password"))
        raise AssertionError("a wrong password was taken")
    except Refused:
        pass
    hangs_up = device.rpc()
    hangs_up.put("left", told.new("before it hung up").encode())
    hangs_up.send("item.get", {"name": "large"})
    hangs_up.write(b'{"jsonrpc":"2.0","id":1,"method":"item.put","params":{"name":"left","value":"'
                   + told.new("half a frame").encode() + b'"}}')
    hangs_up.socket.sendall(b'{"value":"' + told.new("half a frame, no end").encode())
    hangs_up.socket.shutdown(socket.SHUT_RDWR)
    hangs_up.socket.close()


def are_gone(device, told, keys):
    """Of the words and the keys nothing is in the daemon's memory now."""
    seen = dump(device.process.pid)
    left = look_for(told, seen) | look_for(keys, seen, of_key)
    assert not left, "\n".join(f"{name}: {where}" for name, where in left.items())


def are_there(device, told, keys):
    """The search finds what is there: else it would prove nothing."""
    seen = dump(device.process.pid)
    found = look_for(told, seen) | look_for(keys, seen, of_key)
    assert set(found) == set(told) | set(keys), f"only {found} of {set(told) | set(keys)}"


def with_audit(world, name):
    device = world.device(name, start=False)
    audit = world.folder / f"{name}-audit"
    return device.start(VAULT_AUDIT_KEYS=str(audit)), audit


def some(wanted, *words):
    return {name: secret for name, secret in wanted.items() if name.startswith(words)}


@test
def after_a_lock_no_key_and_no_value_is_left_of_a_day_of_work(world):
    told = Told()
    world.password = told.new("the password")
    world.start_server()
    laptop, audit = with_audit(world, "laptop")
    laptop.create()
    used = use(laptop, told)
    go_wrong(laptop, told)
    laptop.sync()
    keys = keys_of(laptop, audit)
    are_there(laptop, some(told.all, "a name", "a short name"), some(keys, "VK", "NK", "SIG", "BOX", "DK"))
    used.call("vault.lock")
    are_gone(laptop, told.all, keys)
    used.call("vault.unlock", password=world.password)
    assert used.get("one") == told.all["an old value"]
    used.call("vault.lock")
    are_gone(laptop, told.all, keys)


@test
def nor_of_a_join_and_of_what_another_device_wrote(world):
    told = Told()
    world.password = told.new("the password")
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    used = use(laptop, told)
    laptop.sync()
    phone, audit = with_audit(world, "phone")
    with phone.rpc() as rpc:
        wrong = dict(server=world.url, account=world.account, password=told.new("a wrong password of a join"))
        try:
            rpc.call("vault.join", **wrong)
            raise AssertionError("a wrong password was taken")
        except Refused:
            pass
        phone.join()
        assert rpc.get("one") == told.all["an old value"]
        used.call("item.put", name="one", value=told.new("a change"))
        laptop.sync()
        phone.sync()
        assert rpc.get("one") == told.all["a change"]
        keys = keys_of(phone, audit)
        are_there(phone, some(told.all, "a name"), some(keys, "VK", "NK", "SIG", "BOX", "DK"))
        rpc.call("vault.lock")
        are_gone(phone, told.all, keys)


@test
def nor_on_connections_that_stay_open(world):
    told = Told()
    world.password = told.new("the password")
    world.start_server()
    laptop, audit = with_audit(world, "laptop")
    laptop.create()
    keys = keys_of(laptop, audit)
    wrote, read, failed, opened = (laptop.rpc() for _ in range(4))
    wrote.put("note", told.new("a value").encode())
    read.get("note")
    try:
        failed.call("vault.unlock", password=told.new("a wrong password"))
        raise AssertionError("a wrong password was taken")
    except Refused:
        pass
    opened.call("vault.unlock", password=world.password)
    laptop.ok("lock")
    are_gone(laptop, told.all, keys)


@test
def nor_when_it_locks_itself_and_nobody_speaks_to_it(world):
    told = Told()
    world.password = told.new("the password")
    world.start_server()
    laptop = world.device("laptop", start=False).start("--lock-after", "0.02")
    laptop.create()
    with laptop.rpc() as rpc:
        rpc.call("item.put", name=told.new("a name"), value=told.new("a short value", SHORT))
        rpc.call("item.get", name=told.all["a name"].decode())
        wait_until(lambda: b"nobody has used" in laptop.stderr(), "it locks")
        keys = keys_of_vault(laptop, world.password)  # an export needs no open vault
        are_gone(laptop, told.all, keys)


@test
def nor_with_a_release(world):
    told = Told()
    world.password = told.new("the password")
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    used = use(laptop, told)
    keys = keys_of_vault(laptop, world.password)
    keys |= expanded(keys)
    are_there(laptop, some(told.all, "a name"), some(keys, "VK", "NK", "DK"))
    used.call("vault.lock")
    are_gone(laptop, told.all, keys)
    laptop.fails(6, "unlock", password=told.new("a wrong password"))
    are_gone(laptop, told.all, keys)


if __name__ == "__main__":
    main()
