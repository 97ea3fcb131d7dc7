# SPDX-License-Identifier: Apache-2.0
"""Keyring versions that must not follow: made, linked and signed by one who has every key."""

import dataclasses

from vaultformat.keyring import REVOKED

from .blocks import fixed, flipped


def bad_versions(s):
    """(name, the version it claims to follow, reason, bytes)"""
    from . import keyrings as k
    yield from of_v2(s, k)
    yield from of_v3(s, k)
    yield from of_v4(s, k)
    yield from of_v5(s, k)
    yield from bytes_changed(s)
    yield "v1-g2", "none", "version 1 with g = 2", k.build(
        dataclasses.replace(s.v1, g=2, old_vks=(k.VKS[0],)), [(1, s.p1.auth)]).raw
    yield "v1-device-slots", "none", "device slots in version 1", k.build(
        k.with_device_slots(dataclasses.replace(s.v1)), [(1, s.p1.auth)], vk_before=k.VKS[0]).raw
    yield "v1-revoked", "none", "a device of version 1 is revoked", k.build(
        k.with_devices(dataclasses.replace(s.v1), [k.device(0, 1), k.device(1, 1, status=REVOKED)]), [(1, s.p1.auth)]).raw
    for name, changes in (("account-capital", {"account": "Alice"}), ("account-empty", {"account": ""}),
                          ("account-129", {"account": "a" * 129}),
                          ("slot-vault", {"password_slot": flipped(s.v1.password_slot, 8)}),
                          ("slot-ctr", {"password_slot": flipped(s.v1.password_slot, 47)}),
                          ("slot-kind", {"password_slot": flipped(s.v1.password_slot, 6)}), ("ctr", {"ctr": 1}),
                          ("prev", {"prev": fixed("prev")}), ("sibling", {"siblings": (fixed("sibling"),)})):
        yield "v1-" + name, "none", name + " of version 1 is wrong", k.build(
            dataclasses.replace(s.v1, **changes), [(1, s.p1.auth)]).raw


def of_v2(s, k):
    signers = [(1, s.p1.auth)]

    def made(draft, signed=signers, **more):
        return k.build(draft, signed, **more).raw

    def changed(**changes):
        return made(dataclasses.replace(s.draft2, **changes))

    def devices(*list_):
        return made(k.with_devices(dataclasses.replace(s.draft2), list_))

    yield "prev", "v1", "prev is another hash", changed(prev=fixed("another prev"))
    yield "v-3", "v1", "v is two more", changed(v=3)
    yield "account", "v1", "another account", changed(account="mallory")
    yield "nk", "v1", "another NK", changed(nk=fixed("another nk"))
    yield "seed", "v1", "another seed, g unchanged", changed(seed=fixed("another seed"))
    yield "min-format-3", "v1", "minimum format unknown", changed(min_format=3)
    yield "min-format-1", "v1", "minimum format of what was never released", changed(min_format=1)
    yield "siblings-2", "v1", "two siblings", changed(siblings=(bytes(32), bytes(32)))
    yield "head-unknown", "v1", "head of an unknown device", changed(heads=((k.IDS[2], 1, k.HEAD1),))
    yield "head-0", "v1", "head with seq 0", changed(heads=((k.IDS[0], 0, k.HEAD1),))
    yield "disappeared", "v1", "a device has disappeared", made(
        k.with_devices(dataclasses.replace(s.draft2, heads=()), [k.device(1, 2)]))
    yield "joined-1", "v1", "the new device has joined in version 1", devices(k.device(0, 1), k.device(1, 1))
    yield "sig-key", "v1", "SIG of a device differs", devices(k.device(0, 1, sig_pk=fixed("x")), k.device(1, 2))
    yield "box-key", "v1", "BOX of a device differs", devices(k.device(0, 1, box_pk=fixed("x")), k.device(1, 2))
    yield "net-key", "v1", "NET of a device differs", devices(k.device(0, 1, net_pk=fixed("x")), k.device(1, 2))
    yield "joined-time", "v1", "time of joining differs", devices(k.device(0, 1, joined=5), k.device(1, 2))
    yield "active-with-cut", "v1", "active with a cut", devices(
        k.device(0, 1, cut_seq=3, cut_hash=k.HEAD1), k.device(1, 2))
    yield "status-3", "v1", "status unknown", devices(k.device(0, 1, status=3), k.device(1, 2))
    yield "device-order", "v1", "devices not ascending", devices(k.device(1, 2), k.device(0, 1))
    yield "may-write", "v1", "may write = 0 for an active device", changed(
        listed=tuple((*keys, 0) for *keys, _ in s.draft2.listed))
    yield "listed-other-net", "v1", "public NET key is not the body's", changed(
        listed=tuple((i, fixed("x"), sig, w) for i, _, sig, w in s.draft2.listed))
    yield "listed-other-sig", "v1", "public SIG key is not the body's", changed(
        listed=tuple((i, net, fixed("x"), w) for i, net, _, w in s.draft2.listed))
    yield "listed-keys-swapped", "v1", "public NET and SIG keys are in each other's place", changed(
        listed=tuple((i, sig, net, w) for i, net, sig, w in s.draft2.listed))
    yield "listed-less", "v1", "public list is shorter", changed(listed=s.draft2.listed[:1])
    yield "password-slot", "v1", "another password slot, g unchanged", made(
        k.with_password(dataclasses.replace(s.draft2), s.p1))
    yield "recovery-slot", "v1", "another recovery slot, g and code unchanged", made(
        k.with_code(dataclasses.replace(s.draft2), s.code))
    yield "recovery-part", "v1", "RPSK is zeros alone", changed(rpsk=bytes(32))
    yield "recovery-slot-alone", "v1", "recovery slot without RAUTH", changed(
        rauth_pk=bytes(32), rbox_pk=bytes(32), rpsk=bytes(32))
    yield "recovery-slot-gone", "v1", "RAUTH without recovery slot", changed(recovery_slot=b"")
    yield "device-name-control", "v1", "device name with a control character", devices(
        k.device(0, 1), k.device(1, 2, name=b"a\n"))
    yield "device-name-not-utf8", "v1", "device name not UTF-8", devices(k.device(0, 1), k.device(1, 2, name=b"\xff"))
    yield "joined-later", "v1", "joined in a later version", devices(k.device(0, 1), k.device(1, 3))
    yield "new-and-revoked", "v2", "a new device is revoked already", k.build(
        k.with_devices(dataclasses.replace(s.draft3), [*s.draft3.devices, k.device(2, 3, status=REVOKED)]),
        [(1, s.p3.auth), (2, s.p1.auth)]).raw
    yield "cut-half", "v1", "cut with a hash and seq 0", devices(
        k.device(0, 1), k.device(1, 2, status=REVOKED, cut_hash=k.HEAD2))
    yield "heads-order", "v1", "heads not ascending", changed(
        heads=((k.IDS[1], 1, k.HEAD2), (k.IDS[0], 3, k.HEAD1)))
    yield "public-part-not-repeated", "v1", "the body has the hash of another public part", made(
        dataclasses.replace(s.draft2), repeated=b"another public part")
    yield "slots-with-g-same", "v1", "device slots, g unchanged", made(
        k.with_device_slots(dataclasses.replace(s.draft2)), vk_before=k.VKS[0])
    yield "link", "v1", "link under another key", made(dataclasses.replace(s.draft2), vk_before=k.VKS[1])
    yield "signer", "v1", "signed by another key", made(dataclasses.replace(s.draft2), [(1, s.p3.auth)])
    yield "role-2-alone", "v1", "role 2 instead of 1", made(dataclasses.replace(s.draft2), [(2, s.p1.auth)])
    yield "role-2-besides", "v1", "role 2 though AUTH is the same", made(
        dataclasses.replace(s.draft2), [(1, s.p1.auth), (2, s.p1.auth)])


def of_v3(s, k):
    signers = [(1, s.p3.auth), (2, s.p1.auth)]

    def made(draft, signed=signers, **more):
        return k.build(draft, signed, **more).raw

    yield "no-role-2", "v2", "AUTH differs, nobody of before signs", made(
        dataclasses.replace(s.draft3), [(1, s.p3.auth)])
    yield "roles-swapped", "v2", "role 1 does not come first", made(dataclasses.replace(s.draft3), signers[::-1])
    yield "role-4", "v2", "role unknown", made(dataclasses.replace(s.draft3), [(1, s.p3.auth), (4, s.p1.auth)])
    yield "role-3-same-rauth", "v2", "role 3 with the same RAUTH", made(
        dataclasses.replace(s.draft3), [(1, s.p3.auth), (3, s.code.rauth)])
    yield "slot-missing", "v2", "no slot for an active device", made(
        dataclasses.replace(s.draft3, device_slots=s.draft3.device_slots[:1]))
    yield "slot-order", "v2", "device slots not ascending", made(
        dataclasses.replace(s.draft3, device_slots=s.draft3.device_slots[::-1]))
    yield "slot-recipient", "v2", "slot of another recipient", made(
        dataclasses.replace(s.draft3, device_slots=((k.IDS[0], s.draft3.device_slots[1][1]),
                                                    (k.IDS[1], s.draft3.device_slots[0][1]))))
    yield "old-password-slot", "v2", "password slot of g = 1", made(
        dataclasses.replace(s.draft3, password_slot=s.v2.password_slot))
    early = dataclasses.replace(s.draft3, v=2)
    yield "password-slot-of-v2", "v2", "password slot of g = 2 that says version 2", made(
        dataclasses.replace(s.draft3, password_slot=k.with_password(early, s.p3).password_slot))
    yield "recovery-slot-of-v2", "v2", "recovery slot of g = 2 that says version 2", made(
        dataclasses.replace(s.draft3, recovery_slot=k.with_code(early, s.code).recovery_slot))
    yield "rbox-alone", "v2", "RBOX differs, RAUTH does not", made(
        dataclasses.replace(s.draft3, rbox_pk=fixed("another rbox")))
    yield "old-recovery-slot", "v2", "recovery slot of g = 1", made(
        dataclasses.replace(s.draft3, recovery_slot=s.v2.recovery_slot))
    yield "old-vk", "v2", "VK_1 differs", made(dataclasses.replace(s.draft3, old_vks=(fixed("x"),)))
    yield "old-vk-missing", "v2", "no VK_1", made(dataclasses.replace(s.draft3, old_vks=()))
    yield "head-back", "v2", "a head is below", made(
        dataclasses.replace(s.draft3, heads=((k.IDS[0], 2, k.HEAD1), (k.IDS[1], 2, k.HEAD2))))
    yield "head-beside", "v2", "a head has another hash", made(
        dataclasses.replace(s.draft3, heads=((k.IDS[0], 3, k.HEAD2), (k.IDS[1], 2, k.HEAD2))))
    yield "head-gone", "v2", "a head is gone", made(dataclasses.replace(s.draft3, heads=((k.IDS[1], 2, k.HEAD2),)))


def of_v4(s, k):
    revoked = k.device(1, 2, status=REVOKED, cut_seq=2, cut_hash=k.HEAD2)
    signers = [(1, s.p3.auth)]

    def five(*devices, **changes):
        return k.build(k.with_devices(k.after(s.v4, **changes), devices), signers, vk_before=k.VKS[2]).raw

    kept = k.with_devices(k.after(s.v2, heads=((k.IDS[0], 3, k.HEAD1), (k.IDS[1], 2, k.HEAD2))), (k.device(0, 1), revoked))
    yield "revoked-with-key", "v2", "a device is revoked, g unchanged", k.build(
        kept, [(1, s.p1.auth)], vk_before=k.VKS[0]).raw
    yield "active-again", "v4", "a revoked device is active", five(k.device(0, 1), k.device(1, 2))
    yield "cut-moves", "v4", "the cut differs", five(
        k.device(0, 1), revoked._replace(cut_seq=3, cut_hash=k.HEAD1),
        heads=((k.IDS[0], 5, k.HEAD1B), (k.IDS[1], 3, k.HEAD1)))
    yield "cut-is-not-head", "v4", "the head of a revoked device is not its cut", five(
        k.device(0, 1), revoked, heads=((k.IDS[0], 5, k.HEAD1B), (k.IDS[1], 3, k.HEAD1)))
    yield "g-falls", "v4", "g falls", k.build(
        k.after(s.v4, g=2, old_vks=(k.VKS[0],), password_slot=s.v3.password_slot, recovery_slot=s.v3.recovery_slot),
        signers, vk_before=k.VKS[2]).raw
    skip = k.after(s.v2, g=3, old_vks=(k.VKS[0], k.VKS[1]), heads=s.v3.heads)
    skip = k.with_device_slots(k.with_code(k.with_password(skip, s.p3), s.code))
    yield "g-skips", "v2", "g grows by 2", k.build(skip, [(1, s.p3.auth), (2, s.p1.auth)], vk_before=k.VKS[0]).raw


def of_v5(s, k):
    yield "role-3-other-key", "v2", "role 3 by another key", k.build(
        dataclasses.replace(s.draft5), [(1, s.p5.auth), (3, s.code5.rauth)]).raw
    same = k.with_code(dataclasses.replace(s.draft5), s.code)
    yield "role-3-code-kept", "v2", "role 3 and RAUTH is kept", k.build(
        same, [(1, s.p5.auth), (3, s.code.rauth)]).raw


def bytes_changed(s):
    raw = s.v2.raw
    places = {"v": 59, "seed": 100, "link": len(raw) - 98, "count": len(raw) - 66, "role": len(raw) - 65,
              "signature": len(raw) - 1, "body": len(raw) - 120}
    for name, at in places.items():
        yield "flip-" + name, "v1", f"byte {at} flipped", flipped(raw, at)
    yield "cut", "v1", "last byte missing", raw[:-1]
    yield "longer", "v1", "one byte more", raw + b"\0"
