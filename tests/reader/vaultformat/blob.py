# SPDX-License-Identifier: Apache-2.0
"""Blobs: chunks and their Merkle root (FORMAT 6)."""

from .cursor import u64
from .primitives import need, sha256
from .rings import at
from .seal import check_common, common, padded, seal, sized, unseal

KIND, HEADER, CHUNK, MOST_CHUNKS = 20, 88, 983040, 65536


def leaf(chunk):
    return sha256(b"\0" + chunk)


def root_of(leaves):
    """RFC 9162, 2.1.1, of one or more leaves."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:]))


def merkle_root(chunks):
    return root_of([leaf(chunk) for chunk in chunks])


def chunk_count(length):
    return -(-length // CHUNK)


def chunk_plain(value, index):
    part = value[index * CHUNK:(index + 1) * CHUNK]
    return part + bytes(padded(len(part)) - len(part))


def seal_chunk(key, suite, vault_id, sealer, blob_id, index, count, plain, r):
    hdr0 = common(suite, KIND, vault_id, sealer, index) + blob_id + u64(index) + u64(count)
    return seal(key, sized(hdr0, len(plain)), r, plain)


def file_of(blob, index):
    return f"{folder_of(blob)}/{index}.bin"


def folder_of(blob):
    return f"blobs/{blob.blob_id.hex()}"


def open_blob(blob, read, suite, vault_id):
    """(plaintext, ek, chunk) of each chunk in its order; read(index) gives it. Each is read twice: none is opened before
    all of them are those of the record."""
    count = chunk_count(blob.length)
    need(count <= MOST_CHUNKS, f"{folder_of(blob)}: more chunks than a blob may have")
    leaves = [leaf(read(index)) for index in range(count)]
    need(root_of(leaves) == blob.root, f"{folder_of(blob)}: root wrong")
    for index in range(count):
        chunk = read(index)
        need(leaf(chunk) == leaves[index], f"{file_of(blob, index)}: changed while it was read")
        plain, ek = at(file_of(blob, index), open_chunk, blob, chunk, index, count, suite, vault_id)
        part = min(CHUNK, blob.length - index * CHUNK)
        need(len(plain) == padded(part) and not any(plain[part:]), f"{file_of(blob, index)}: padding wrong")
        yield plain[:part], ek, chunk


def open_chunk(blob, chunk, index, count, suite, vault_id):
    fields = check_common(chunk, suite, (KIND,), HEADER, 0)
    need(fields[5] == vault_id and fields[7] == index, "vault or ctr of a chunk wrong")
    need(chunk[56:HEADER] == blob.blob_id + u64(index) + u64(count), "place of a chunk wrong")
    return unseal(blob.key, chunk, HEADER)
