#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""GCM alone commits to no key: one ciphertext can be made that opens under many, and then each log-in with it tells whether
the password is among many guesses. Here such a ciphertext is the password slot of a keyring in which everything else is as it should
be. The commitment of the seal stops it, and the client does what it does with a slot that is noise, byte for byte."""

from dataclasses import replace

import near  # noqa: F401
from caller import Vault
from gcm_collision import collide, iv_of
from joins import Home, Joins, explain

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness import main, test
from vaultformat.cursor import u32
from vaultformat.primitives import derive, password_root, sha256
from vaultformat.seal import common, seal_keys, sized
from vaultformat.slots import PASSWORD
from writer import SUITE

CLAIMS = "7 K03"

PASSWORDS = [b"123456", b"password", b"iloveyou", b"letmein", b"correct horse battery staple"]


class Guessed(Vault):
    """A vault whose server tries passwords: one salt for all of them, and for each a keyring that fits it."""

    def __init__(self):
        self.guess = PASSWORDS[0]
        super().__init__("anna", self.guess)

    def pwk_of(self, password):
        root = password_root(password, SUITE, self.account, self.vault_id, self.seed)
        return derive(root, "auth", self.vault_id), derive(root, "password-slot", self.vault_id)

    def hdr0(self):
        return sized(common(SUITE, PASSWORD, self.vault_id, self.devices["a"].id) + u32(1) + u32(1), 32)

    def collision(self, passwords, committed=None):
        """A slot that GCM opens under all passwords, and what each of them finds in it. `committed`: its commitment is to this one."""
        hdr0, salt = self.hdr0(), sha256(b"any salt")
        both = {p: seal_keys(self.pwk_of(p)[1], salt, hdr0) for p in passwords}
        ck = both[committed][1] if committed else bytes(32)
        free = () if committed else (6, 7)  # the commitment is associated data like any other: two blocks of it
        aad, text, tag = collide([ek for ek, _ in both.values()], iv_of(hdr0), hdr0 + salt + ck + u32(0), 32, free)
        found = {p: AESGCM(ek).decrypt(iv_of(hdr0), text + tag, aad) for p, (ek, _) in both.items()}
        return aad[:-4] + text + tag, found

    def keyring_for(self, password, slot, vault_key):
        """The keyring as it would be if this slot held that key for that password."""
        self.auth, self.pwk = self.pwk_of(password)
        self.vks, self.rings = [vault_key], []
        self.devices["a"].chain, self.devices["a"].ctr, self.devices["a"].epoch = [], 0, 0
        k = replace(self.first(), password_slot=slot)
        self.ring(k)
        self.enrol("a")
        home = Home(self)
        return home


def outcome(world, home, password):
    """What a join does: its error and its requests, as foretold by one who knows no key."""
    joins = Joins(world, home, password)
    home.genuine = set()  # whatever keyring comes, the keys would be needed to go on
    foretold, _ = joins.foretold(home.answer)
    kind, sent = joins.join(home.answer)
    assert sent == foretold, explain(password, kind, sent, foretold)
    assert joins.device.status()["vault"]["state"] == "absent"
    return kind, [raw.split(b" HTTP/1.1")[0] for raw in sent]


@test
def a_slot_that_gcm_opens_under_five_passwords_is_noise_to_each(world):
    vault = Guessed()
    slot, found = vault.collision(PASSWORDS)
    assert len(slot) == 176 and len(set(found.values())) == 5, "GCM opens it under five keys"
    noise = slot[:64] + sha256(b"noise") * 3 + sha256(b"tag")[:16]
    for number, password in enumerate(PASSWORDS):
        home = vault.keyring_for(password, slot, found[password])
        crafted = outcome(Place(world, f"crafted{number}"), home, password)
        home = vault.keyring_for(password, noise, found[password])
        assert outcome(Place(world, f"noise{number}"), home, password) == crafted, password


@test
def a_slot_that_is_committed_to_one_password_opens_under_that_one_alone(world):
    vault, chosen = Guessed(), PASSWORDS[2]
    slot, found = vault.collision(PASSWORDS[1:4], chosen)
    for number, password in enumerate(PASSWORDS[1:4]):
        home = vault.keyring_for(password, slot, found[password])
        if password != chosen:
            outcome(Place(world, f"device{number}"), home, password)
            continue
        joins = Joins(Place(world, f"device{number}"), home, password)
        _, sent = joins.join(home.answer)
        assert sent[-1].startswith(b"PUT /v1/keyring "), "with everything in order it enrols: else this shows nothing"


class Place:
    """A world in which a device has another name."""

    def __init__(self, world, name):
        self.world, self.name = world, name

    def device(self, _):
        return self.world.device(self.name)


if __name__ == "__main__":
    main()
