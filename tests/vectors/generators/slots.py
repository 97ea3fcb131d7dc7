# SPDX-License-Identifier: Apache-2.0
"""slots.vec: the three slots that hold a vault key (FORMAT 4, 7). eph and the receiver's keys are private X25519 keys."""

from vaultformat.primitives import x25519, x25519_public
from vaultformat.slots import (device_key, device_slot, open_device_slot, open_password_slot, open_recovery_slot,
                               password_slot, recovery_key, recovery_slot)

from .blocks import Blocks, fixed, flipped

VAULT, SEALER, RECIPIENT = (fixed("slot " + n, 16) for n in ("vault", "sealer", "recipient"))
PWK, VK, BEFORE, RPSK, EPH, BOX, RBOX = (fixed("slot " + n) for n in ("pwk", "vk", "before", "rpsk", "eph", "box",
                                                                       "rbox"))
R, SUITE, V, G = fixed("slot r"), 0xFE, 5, 3
COMMON = {"suite": SUITE, "vault_id": VAULT, "device_id": SEALER, "v": V, "g": G, "vk": VK, "r": R}


def good(out):
    password = password_slot(PWK, SUITE, VAULT, SEALER, V, G, VK, R)
    out.add("password", kind=17, **COMMON, pwk=PWK, slot=password)
    eph_pk, rbox_pk, box_pk = map(x25519_public, (EPH, RBOX, BOX))
    recovery = recovery_slot(EPH, rbox_pk, RPSK, SUITE, VAULT, SEALER, V, G, VK, R)
    shared = x25519(EPH, rbox_pk)
    out.add("recovery", kind=18, **COMMON, eph=EPH, eph_pk=eph_pk, rbox=RBOX, rbox_pk=rbox_pk, rpsk=RPSK,
            shared=shared, key=recovery_key(shared, RPSK, VAULT, eph_pk, rbox_pk, V, G), slot=recovery)
    device = device_slot(EPH, box_pk, BEFORE, SUITE, VAULT, SEALER, RECIPIENT, V, G, VK, R)
    shared = x25519(EPH, box_pk)
    out.add("device", kind=19, **COMMON, recipient=RECIPIENT, eph=EPH, eph_pk=eph_pk, box=BOX, box_pk=box_pk,
            vk_before=BEFORE, shared=shared,
            key=device_key(shared, BEFORE, VAULT, eph_pk, box_pk, RECIPIENT, V, G), slot=device)
    return password, recovery, device


def refused(out, password, recovery, device):
    keys = {"pwk": PWK}, {"rbox": RBOX, "rpsk": RPSK}, {"box": BOX, "vk_before": BEFORE}
    for name, kind, slot, given in zip(("password", "recovery", "device"), (17, 18, 19),
                                       (password, recovery, device), keys):
        for at in (57, 61, len(slot) - 1):
            out.add(f"{name}-flip-{at}", "error", reason=f"byte {at} flipped", kind=kind, **given,
                    slot=flipped(slot, at))
        for key in given:
            other = given | {key: fixed("slot other")}
            out.add(f"{name}-other-{key}", "error", reason=f"another {key}", kind=kind, **other, slot=slot)
    for name, eph_pk in (("zero", bytes(32)), ("one", b"\1" + bytes(31))):
        zeroed = device[:80] + eph_pk + device[112:]
        out.add(f"device-eph-{name}", "error", reason="the shared secret is all zero", kind=19, **keys[2], slot=zeroed)


def proved(password, recovery, device):
    """What was made opens again with the receiver's side of the keys."""
    assert open_password_slot(PWK, password)[0] == VK
    assert open_recovery_slot(RBOX, RPSK, recovery)[0] == VK
    assert open_device_slot(BOX, BEFORE, device)[0] == VK


def make():
    out = Blocks(__doc__)
    made = good(out)
    proved(*made)
    refused(out, *made)
    return out
