# SPDX-License-Identifier: Apache-2.0
"""The example of FORMAT 12 that is too long to stand there whole: the version thirty-devices of keyring.vec."""

import pathlib

from vaultformat.keyring import body_key
from vaultformat.primitives import label, sha256
from vaultformat.seal import seal_keys

from .keyrings import VAULT, VKS, Password, Story, reparsed
from .odd_keyrings import thirty_devices

FORMAT = pathlib.Path(__file__).resolve().parents[3] / "crypto" / "FORMAT.md"
BEGIN, END = "<!-- thirty devices begin -->\n", "<!-- thirty devices end -->\n"

TEXT = """
### A keyring of thirty devices

Version 3 after the `v2` of `tests/vectors/keyring.vec`, where all of its {total} bytes stand as `thirty-devices`, with
what they are made of: a new password, so a new generation, a slot for each device, and the signatures of both
passwords; a recovery slot; and a sibling, in which twelve of the devices have joined.

```
{rows}
```

hdr0 has {header} bytes, and the info of the seal {info} all the same. K = HKDF(VK_2, "vaultd/v1/keyring-body" ‖ 0x00 ‖
vault_id ‖ 00000003).

```
SHA-256(hdr0)  {digest}
K              {key}
ek             {ek}
```

Its hash: `{hash}`
"""


def rows(k):
    """(offset, bytes, field) of the public part and of what follows it; long fields are told by their length."""
    at = 0
    for size, name in fields(k):
        raw = k.raw[at:at + size]
        yield f"{at:5}  {raw.hex() if size <= 32 else f'{size} bytes':64}  {name}".rstrip()
        at += size


def fields(k):
    slots, listed = len(k.device_slots), len(k.listed)
    yield from ((48, "to ctr"), (4, "n"), (4, "total"), (4, "v"), (4, "g"), (32, "prev"), (1, "siblings"), (32, "the sibling"),
                (32, "seed"), (32, "AUTH_pk"), (32, "RAUTH_pk"), (1, "length of account"), (len(k.account), "account"),
                (2, "length of password slot"), (len(k.password_slot), "password slot"),
                (2, "length of recovery slot"), (len(k.recovery_slot), "recovery slot"),
                (2, "device slots"), (sum(18 + len(slot) for _, slot in k.device_slots), f"{slots} × (device_id, length, slot)"),
                (2, "devices"), (81 * listed, f"{listed} × (device_id, NET_pk, SIG_pk, may write)"),
                (32, "salt"), (32, "ck"), (len(k.raw) - k.header - 64 - k.trailer, "segments"), (32, "link"),
                (1, "signatures"), (65, "by AUTH"), (65, "by AUTH of version 2"))


def text():
    s = Story()
    s.p6 = Password(6)
    k = reparsed(thirty_devices(s))
    hdr0, key = k.raw[:k.header], body_key(VKS[1], VAULT, k.v)
    ek, ck = seal_keys(key, k.raw[k.header:k.header + 32], hdr0)
    assert ck == k.raw[k.header + 32:k.header + 64]
    return TEXT.format(total=f"{len(k.raw):,}", header=f"{k.header:,}", rows="\n".join(rows(k)), info=len(label("seal")) + 32,
                       digest=sha256(hdr0).hex(), key=key.hex(), ek=ek.hex(), hash=k.hash().hex())


def parts():
    """FORMAT.md before the example, the example, and what is after it."""
    before, rest = FORMAT.read_text(encoding="utf-8").split(BEGIN)
    stands, after = rest.split(END)
    return before + BEGIN, stands, END + after


def write():
    before, _, after = parts()
    FORMAT.write_text(before + text() + "\n" + after, encoding="utf-8")
