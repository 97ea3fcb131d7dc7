# SPDX-License-Identifier: Apache-2.0
"""The three slots that hold a vault key (FORMAT 4, 7)."""

from .cursor import u32
from .primitives import derive, need, x25519, x25519_public
from .seal import check_common, common, seal, sized, unseal

PASSWORD, RECOVERY, DEVICE = 17, 18, 19
HEADERS = {PASSWORD: 64, RECOVERY: 96, DEVICE: 112}


def slot_length(kind):
    return HEADERS[kind] + 64 + 32 + 16


def recovery_key(shared, rpsk, vault_id, eph_pk, rbox_pk, v, g):
    return derive(shared + rpsk, "recovery-slot", vault_id + eph_pk + rbox_pk + u32(v) + u32(g))


def device_key(shared, vk_before, vault_id, eph_pk, box_pk, device_id, v, g):
    psk = derive(vk_before, "slot-psk", vault_id)
    return derive(shared + psk, "device-slot", vault_id + eph_pk + box_pk + device_id + u32(v) + u32(g))


def password_slot(pwk, suite, vault_id, sealer, v, g, vk, r):
    return seal(pwk, sized(common(suite, PASSWORD, vault_id, sealer) + u32(v) + u32(g), 32), r, vk)


def recovery_slot(eph, rbox_pk, rpsk, suite, vault_id, sealer, v, g, vk, r):
    eph_pk = x25519_public(eph)
    key = recovery_key(x25519(eph, rbox_pk), rpsk, vault_id, eph_pk, rbox_pk, v, g)
    hdr0 = common(suite, RECOVERY, vault_id, sealer) + u32(v) + u32(g) + eph_pk
    return seal(key, sized(hdr0, 32), r, vk)


def device_slot(eph, box_pk, vk_before, suite, vault_id, sealer, recipient, v, g, vk, r):
    eph_pk = x25519_public(eph)
    key = device_key(x25519(eph, box_pk), vk_before, vault_id, eph_pk, box_pk, recipient, v, g)
    hdr0 = common(suite, DEVICE, vault_id, sealer) + u32(v) + u32(g) + recipient + eph_pk
    return seal(key, sized(hdr0, 32), r, vk)


def check_slot(slot, kind, suite, vault_id):
    """(v, g, rest of hdr0) of a slot, before any key."""
    fields = check_common(slot, suite, (kind,), HEADERS[kind], 0)
    need(len(slot) == slot_length(kind), "slot: length wrong")
    need(fields[5] == vault_id and fields[7] == 0, "slot: vault or ctr wrong")
    return int.from_bytes(slot[56:60], "big"), int.from_bytes(slot[60:64], "big"), slot[64:HEADERS[kind]]


def open_password_slot(pwk, slot):
    """(VK_g, ek)"""
    return unseal(pwk, slot, HEADERS[PASSWORD])


def open_recovery_slot(rbox, rpsk, slot):
    eph_pk, rbox_pk = slot[64:96], x25519_public(rbox)
    v, g = int.from_bytes(slot[56:60], "big"), int.from_bytes(slot[60:64], "big")
    key = recovery_key(x25519(rbox, eph_pk), rpsk, slot[8:24], eph_pk, rbox_pk, v, g)
    return unseal(key, slot, HEADERS[RECOVERY])


def open_device_slot(box, vk_before, slot):
    recipient, eph_pk, box_pk = slot[64:80], slot[80:112], x25519_public(box)
    v, g = int.from_bytes(slot[56:60], "big"), int.from_bytes(slot[60:64], "big")
    key = device_key(x25519(box, eph_pk), vk_before, slot[8:24], eph_pk, box_pk, recipient, v, g)
    return unseal(key, slot, HEADERS[DEVICE])
