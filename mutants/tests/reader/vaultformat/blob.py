"""Blobs: chunks and their Merkle root (FORMAT 6)."""

from .cursor import u64
from .primitives import need, sha256
from .seal import check_common, common, padded, seal, sized, unseal

KIND, HEADER, CHUNK = 20, 88, 1048576


def merkle_root(chunks):
    """RFC 9162, 2.1.1, of one or more sealed chunks."""
    if len(chunks) == 1:
        return sha256(b"\0" + chunks[0])
    split = 1 << (len(chunks) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(chunks[:split]) + merkle_root(chunks[split:]))


def chunk_count(length):
    return -(-length // CHUNK)


def chunk_plain(value, index):
    part = value[index * CHUNK:(index + 1) * CHUNK]
    return part + bytes(padded(len(part)) - len(part))


def seal_chunk(key, suite, vault_id, sealer, blob_id, index, count, plain, r):
    hdr0 = common(suite, KIND, vault_id, sealer, index) + blob_id + u64(index) + u64(count)
    return seal(key, sized(hdr0, len(plain)), r, plain)


def open_blob(blob, chunks, suite, vault_id):
    """(value, [(ek, chunk)]) of all chunks, verified against the record."""
    need(len(chunks) == chunk_count(blob.length), "blob: number of chunks wrong")
    need(merkle_root(chunks) == blob.root, "blob: root wrong")
    value, keys = b"", []
    for index, chunk in enumerate(chunks):
        plain, ek = open_chunk(blob, chunk, index, len(chunks), suite, vault_id)
        part = min(CHUNK, blob.length - index * CHUNK)
        need(len(plain) == padded(part) and not any(plain[part:]), "blob: padding wrong")
        value += plain[:part]
        keys.append((ek, chunk))
    return value, keys


def open_chunk(blob, chunk, index, count, suite, vault_id):
    fields = check_common(chunk, suite, (KIND,), HEADER, 0)
    need(fields[5] == vault_id and fields[7] == index, "blob: vault or ctr of a chunk wrong")
    need(chunk[56:HEADER] == blob.blob_id + u64(index) + u64(count), "blob: place of a chunk wrong")
    return unseal(blob.key, chunk, HEADER)
