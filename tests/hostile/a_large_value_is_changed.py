#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server changes, cuts, swaps, splices, invents and withholds chunks of a large value, and the hashes that it says they have.
Not a byte of it is shown that was not written, what is asked for afterwards does not tell what was wrong, and the truth heals."""

import json
import os
import random

import near  # noqa: F401
from scene import EXITS, harness

from chunks import FIELDS
from evil import EvilServer
from harness import main
from rpc import Refused
from traffic import check, first_line
from vaultformat.blob import CHUNK, seal_chunk
from vaultformat.vault import Vault, winner

MIB = 1 << 20
SIZE = 2 * MIB + 300_000  # three chunks, the last of them small


def large(seed):
    return random.Random(seed).randbytes(SIZE)


class Cinema:
    """A laptop that has written a film, a newer cut of it and a song, and a phone that has got none of their chunks."""

    def __init__(self, world):
        self.world, self.server = world, EvilServer(world)
        self.laptop, self.phone = world.pair()
        self.truth = {"film": large(2), "song": large(3)}
        for seed, name in ((1, "film"), (2, "film"), (3, "song")):
            path = world.folder / f"{name}-{seed}"
            path.write_bytes(large(seed))
            self.laptop.ok("put", name, "--file", str(path))
            self.laptop.sync()
        self.phone.stop()
        self.phone.start("--blob-cache", "0")  # each try asks for all of it
        self.phone.unlock()
        self.phone.sync()
        self.older, self.film, self.song = self.server.blobs_of(world.account)
        self.id = bytes.fromhex(self.phone.status()["device"]["id"])

    def lie(self, prepare, *arguments):
        self.server.freeze(self.world.account, self.id)
        getattr(self.server, prepare)(self.film, *arguments)
        self.server.arm()

    def get(self, name="film"):
        """What was said, and what was written."""
        path = self.world.folder / "out"
        path.unlink(missing_ok=True)
        said = self.phone.ctl("get", name, "--output", str(path))
        return said, path.read_bytes() if path.exists() else None

    def sent_since(self, mark):
        """What the phone asked of blobs; all that it sent is of the protocol, and none of it changes anything."""
        mine = [request for request in self.server.since(mark) if request.signer == self.id]
        for request in mine:
            check(request, self.server.url)
            assert request.method == "GET" or request.target == "/v1/session", f"{first_line(request.raw)} after a lie"
        return [request.target for request in mine if request.target.startswith("/v1/blob/")]

    def refuses(self, kind):
        mark, before = self.server.mark(), self.phone.status()["trust"]
        said, written = self.get()
        assert said.code == EXITS[kind], f"exit {said.code}, not {kind}: {said.err!r}"
        assert written is None and said.out == b"" and said.err.count(b"\n") == 1, said
        self.streams_only_the_truth(kind)
        assert self.phone.status()["trust"] == before, "a bad answer is not distrust"
        return self.sent_since(mark)

    def streams_only_the_truth(self, kind):
        """What a reader of a pipe gets before the refusal is what was written."""
        said = self.phone.ctl("get", "film")
        assert said.code == EXITS[kind] and len(said.out) < SIZE, f"{said.code} after {len(said.out)} bytes"
        assert self.truth["film"].startswith(said.out), "bytes were shown that nobody wrote"

    def heals(self):
        self.server.honest()
        said, written = self.get()
        assert said.code == 0 and written == self.truth["film"], said.err
        assert self.get("song")[1] == self.truth["song"]

    def forget(self):
        """What was fetched of it before it was refused, with which the next try would go on."""
        for path in self.world.folder.glob(".vaultctl-*"):
            path.unlink()


def note(function, row, kind, published, variants):
    path = os.environ.get("VAULT_HOSTILE_TABLE")
    if path:
        name = function.replace("_", " ") + (f" ({len(variants)} ways)" if len(variants) > 1 else "")
        with open(path, "a") as table:
            table.write(json.dumps({"row": row, "lie": name, "published": published, "class": kind, "kept": 0, "compared": 0,
                                    "program": "vaultd_test"}) + "\n")


def lie(row, kind, published, each, asks=None):
    """The function names a verb and its arguments for each variant; `asks` looks at what was asked for after it."""

    def decorate(function):
        def run(world):
            cinema = Cinema(world)
            for variant in each:
                cinema.lie(*function(cinema, variant))
                try:
                    asked = cinema.refuses(kind)
                    if asks:
                        asks(asked)
                except (AssertionError, Refused) as why:
                    raise AssertionError(f"told {variant}: {why}") from why
                cinema.server.honest()
                cinema.forget()
            cinema.heals()
            note(function.__name__, row, kind, published, each)

        run.__name__ = function.__name__
        harness.tests.append(run)
        return function

    return decorate


def no_chunk_is_asked_for(asked):
    assert asked and all(target.count("/") == 3 for target in asked), f"chunks were asked for before the root: {asked}"


@lie("R01", "E_TAMPER", "MEGA; HT24", [(field, 2) for field in FIELDS] + [("segment", 0), ("tag", 1)])
def the_server_flips_a_bit_of_a_chunk(cinema, variant):
    field, index = variant
    return "flip_in_chunk", index, field


@lie("R01", "E_TAMPER", "MEGA; HT24", ["segment", "tag", "salt", "device", "index"], no_chunk_is_asked_for)
def the_server_flips_a_bit_of_a_chunk_and_says_the_hash_that_it_has_then(cinema, field):
    return "flip_in_chunk", 1, field, "fitting"


@lie("R07", "E_TAMPER", "CRYPTOM #119; HT24", [1, 16, 16400, 1_000_000])
def the_server_cuts_a_chunk(cinema, lacking):
    return "cut_chunk", 1, lacking


@lie("R07", "E_TAMPER", "CRYPTOM #119; HT24", ["true", "fitting"])
def the_server_cuts_whole_segments_of_a_chunk_and_says_so_in_its_header(cinema, leaves):
    return "cut_chunk_and_say_so", 1, 3, leaves


@lie("R01", "E_TAMPER", "gocryptfs", [1, 16400])
def the_server_lengthens_a_chunk(cinema, by):
    return "lengthen_chunk", 2, by


@lie("R02", "E_TAMPER", "CRYPTOM #119; HT24; gocryptfs", [(0, 1), (1, 0), (2, 0), (0, 2)])
def the_server_swaps_chunks_of_one_value(cinema, variant):
    index, other = variant
    return "serve_another_chunk", index, cinema.film, other


@lie("R02", "E_TAMPER", "CRYPTOM #119; HT24", [0, 1, 2])
def the_server_serves_a_chunk_of_another_value(cinema, index):
    return "serve_another_chunk", index, cinema.song, index


@lie("R05", "E_TAMPER", "ZKAE DL01, 1P02; gocryptfs", [0, 1, 2])
def the_server_serves_a_chunk_of_an_older_version(cinema, index):
    return "serve_another_chunk", index, cinema.older, index


@lie("R02", "E_TAMPER", "CRYPTOM #119; HT24", ["true", "fitting"])
def the_server_serves_a_chunk_of_another_value_with_the_header_of_this_one(cinema, leaves):
    return "serve_relabelled", 1, cinema.song, 1, leaves


@lie("R02", "E_TAMPER", "HT24; ZKAE LP02", ["song", "older"], no_chunk_is_asked_for)
def the_server_serves_another_value_or_version_whole(cinema, which):
    return "serve_all_of", getattr(cinema, which)


@lie("R01", "E_TAMPER", "MEGA", [None, 0, 1, 151, 88])
def the_server_serves_noise_or_next_to_nothing_as_a_chunk(cinema, size):
    return "serve_noise", 1, size


@lie("R14", "E_LIMIT", "general", [5 * MIB])
def the_server_serves_more_than_any_answer_may_have_as_a_chunk(cinema, size):
    return "serve_noise", 1, size


@lie("R01", "E_TAMPER", "RFC 9162", [(index, bit) for index in range(3) for bit in (1, 128)], no_chunk_is_asked_for)
def the_server_flips_a_bit_of_a_leaf(cinema, variant):
    return "flip_in_leaf", *variant


@lie("R02", "E_TAMPER", "RFC 9162", [None], no_chunk_is_asked_for)
def the_server_says_the_leaves_in_another_order(cinema, _):
    return ("reorder_leaves",)


@lie("R07", "E_TAMPER", "RFC 9162; CVE-2012-2459",
     [("fewer_leaves", 1), ("fewer_leaves", 2), ("more_leaves", 1), ("more_leaves", 60_000), ("repeat_last_leaf",)],
     no_chunk_is_asked_for)
def the_server_says_more_or_fewer_leaves(cinema, variant):
    return variant


@lie("R07", "E_TAMPER", "RFC 9162", ["node_for_leaves", "root_for_leaves"], no_chunk_is_asked_for)
def the_server_says_nodes_of_the_tree_as_leaves(cinema, verb):
    return (verb,)


@lie("R14", "E_TAMPER", "general", [("say_another_count", 0), ("say_another_count", 2), ("say_another_count", 4),
                                    ("say_another_count", 2**59 + 3), ("say_another_count", 2**64 - 1), ("add_to_leaves", b"x"),
                                    ("add_to_leaves", bytes(32)), ("serve_as_leaves", b""), ("serve_as_leaves", bytes(8)),
                                    ("serve_as_leaves", bytes(4 * MIB))], no_chunk_is_asked_for)
def the_server_says_leaves_that_are_no_list(cinema, variant):
    return variant


@lie("R07", "E_GAP", "ZKAE 1P02; Borg", [None], no_chunk_is_asked_for)
def the_server_withholds_a_large_value(cinema, _):
    return ("withhold_blob",)


@lie("R07", "E_GAP", "ZKAE 1P02; Borg", [(index, honestly) for index in range(3) for honestly in (True, False)])
def the_server_withholds_a_chunk(cinema, variant):
    return "withhold_chunk", *variant


def sealed_by_a_member(cinema):
    """The middle chunk of the film with other contents, sealed under the film's own key by somebody who may read it."""
    folder = cinema.world.folder / "export"
    if not folder.exists():
        cinema.laptop.ok("export", "--sealed", str(folder), "--without-large")
    vault = Vault(str(folder), cinema.world.password.encode(), test_suite=True, lacking=True)
    blob, newest = winner(vault.names[b"film"]).value, vault.rings.newest
    assert blob.blob_id == cinema.film
    plain = bytes(CHUNK)
    return seal_chunk(blob.key, newest.suite, newest.vault_id, cinema.id, blob.blob_id, 1, 3, plain, os.urandom(32))


@lie("R12", "E_TAMPER", "MEGA; HT24", ["true"])
def a_member_and_the_server_put_another_chunk_in_the_place_of_one(cinema, leaves):
    return "serve_chunk", 1, sealed_by_a_member(cinema), leaves


@lie("R12", "E_TAMPER", "MEGA; HT24", ["fitting"], no_chunk_is_asked_for)
def a_member_and_the_server_put_another_chunk_in_the_place_of_one_and_say_its_hash(cinema, leaves):
    return "serve_chunk", 1, sealed_by_a_member(cinema), leaves


@harness.test
def an_export_names_what_the_server_withholds_and_goes_on_when_it_is_there(world):
    cinema = Cinema(world)
    folder = str(world.folder / "out")
    cinema.lie("withhold_chunk", 1, False)
    said = cinema.phone.ctl("export", "--sealed", folder)
    lacking = world.folder / "out" / "blobs" / cinema.film.hex() / "1.bin"
    assert said.code == EXITS["E_GAP"] and f"blobs/{cinema.film.hex()}/1.bin, of film: missing".encode() in said.err, said
    assert not lacking.exists() and (lacking.parent / "0.bin").exists() and (lacking.parent / "2.bin").exists()
    cinema.server.honest()
    cinema.lie("flip_in_chunk", 1, "tag")
    said = cinema.phone.ctl("export", "--sealed", folder, "--resume")
    assert said.code == EXITS["E_GAP"] and not lacking.exists(), f"{said.code}: what nobody wrote was exported"
    cinema.server.honest()
    mark = cinema.server.mark()
    cinema.phone.ok("export", "--sealed", folder, "--resume")
    fetched = [target for target in cinema.sent_since(mark) if target.count("/") == 4]
    assert fetched == [f"/v1/blob/{cinema.film.hex()}/1"], "what was there was fetched again"
    vault = Vault(folder, world.password.encode(), test_suite=True)
    assert {name: b"".join(vault.values[name.encode()].parts()) for name in cinema.truth} == cinema.truth
    assert len(vault.blobs) == 3, "an older version's value is not in the export"


@harness.test
def the_server_keeps_nothing_of_what_it_acknowledges_and_the_next_device_is_told_that_it_is_missing(world):
    cinema = Cinema(world)
    cinema.server.freeze(world.account, cinema.id)
    cinema.server.keep_no_chunks()
    (world.folder / "mine").write_bytes(large(4))
    cinema.phone.ok("put", "mine", "--file", str(world.folder / "mine"))
    cinema.phone.sync()
    cinema.server.honest()
    cinema.laptop.sync()
    cinema.laptop.fails(EXITS["E_GAP"], "get", "mine")
    assert cinema.phone.status()["sync"]["pending"] == 0


@harness.test
def the_server_says_it_has_a_chunk_that_nobody_wrote_and_nothing_is_pushed_past_it(world):
    cinema = Cinema(world)
    cinema.server.freeze(world.account, cinema.id)
    cinema.server.claim_chunk_is_there()
    cinema.server.arm()
    mark = cinema.server.mark()
    (world.folder / "mine").write_bytes(large(4))
    cinema.phone.ok("put", "mine", "--file", str(world.folder / "mine"))
    cinema.phone.fails(EXITS["E_TAMPER"], "sync")
    assert cinema.phone.status()["sync"]["pending"] > 0 and cinema.phone.status()["trust"]["state"] != "distrusted"
    mine = [request for request in cinema.server.since(mark) if request.signer == cinema.id]
    assert not any(request.method == "PUT" or "chain" in request.target and request.method == "POST" for request in mine)
    cinema.server.honest()
    cinema.phone.sync()
    cinema.laptop.sync()
    assert cinema.laptop.get("mine") == large(4)


if __name__ == "__main__":
    main()
