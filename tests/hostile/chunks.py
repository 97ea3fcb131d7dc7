# SPDX-License-Identifier: Apache-2.0
"""The verbs of lies about large values: of a server that is alone, and has chunks and no key. Hashes are made right again where
nobody but the record's root says otherwise."""

import os
import struct

from honest import Answer
from lies import changed, written
from vaultformat.blob import leaf
from vaultformat.cursor import u64
from vaultformat.primitives import sha256

# Where the fields of a chunk are: FORMAT §4. Of numbers the last byte.
FIELDS = {"magic": 0, "format": 4, "suite": 5, "kind": 6, "zero": 7, "vault": 8, "device": 24, "ctr": 47, "n": 51, "total": 55,
          "blob": 56, "index": 79, "count": 87, "salt": 88, "ck": 120, "segment": 152, "tag": -16, "last byte": -1}
LEAVES, CHUNK = r"/v1/blob/[0-9a-f]{32}$", r"/v1/blob/[0-9a-f]{32}/"


def counted(leaves):
    return u64(len(leaves)) + b"".join(leaves)


class BlobLies:
    def blobs_of(self, account):
        """{blob_id: chunks} in the order in which they came."""
        return self.truths[account].blobs

    # Chunks: what is served in the place of one, under the leaves of the truth, or under its own

    def serve_chunk(self, blob, index, raw, leaves):
        """leaves: "true", as the record has them; or "fitting", those of what is served."""
        self.bend_answer(CHUNK + f"{index}$", blob, Answer(200, raw))
        if leaves == "fitting":
            all_of_it = list(self.view.blobs[blob])
            all_of_it[index] = raw
            self.bend_answer(LEAVES, blob, Answer(200, counted([leaf(chunk) for chunk in all_of_it])))

    def bend_answer(self, pattern, blob, answer):
        self.bend("GET", pattern, lambda request, _: answer if blob.hex() in request.target else None)

    def true_chunk(self, blob, index):
        return self.view.blobs[blob][index]

    def flip_in_chunk(self, blob, index, field, leaves="true"):
        self.serve_chunk(blob, index, changed(self.true_chunk(blob, index), FIELDS[field]), leaves)

    def cut_chunk(self, blob, index, lacking, leaves="true"):
        """Without its last bytes, and its total as it was or as it would be right."""
        self.serve_chunk(blob, index, self.true_chunk(blob, index)[:-lacking], leaves)

    def cut_chunk_and_say_so(self, blob, index, segments, leaves="true"):
        raw = self.true_chunk(blob, index)[: -segments * (16384 + 16)]
        (n,) = struct.unpack_from(">I", raw, 48)
        self.serve_chunk(blob, index, written(raw, 48, struct.pack(">II", n - segments, len(raw))), leaves)

    def lengthen_chunk(self, blob, index, by, leaves="true"):
        self.serve_chunk(blob, index, self.true_chunk(blob, index) + os.urandom(by), leaves)

    def serve_another_chunk(self, blob, index, other_blob, other_index, leaves="true"):
        """One that stands elsewhere: in this blob, another one, or an older version's."""
        self.serve_chunk(blob, index, self.true_chunk(other_blob, other_index), leaves)

    def serve_relabelled(self, blob, index, other_blob, other_index, leaves="true"):
        """The same, with a header that says that it belongs here."""
        raw = written(self.true_chunk(other_blob, other_index), 56, self.true_chunk(blob, index)[56:88])
        self.serve_chunk(blob, index, written(raw, 40, u64(index)), leaves)

    def serve_noise(self, blob, index, size=None, leaves="true"):
        self.serve_chunk(blob, index, os.urandom(len(self.true_chunk(blob, index)) if size is None else size), leaves)

    def serve_all_of(self, blob, other):
        """The whole of another blob, which is as it was sealed."""
        for index, raw in enumerate(self.view.blobs[other]):
            self.bend_answer(CHUNK + f"{index}$", blob, Answer(200, raw))
        self.bend_answer(LEAVES, blob, Answer(200, self.view.leaves(other)))

    # Leaves

    def bend_leaves(self, blob, change):
        leaves = [leaf(chunk) for chunk in self.view.blobs[blob]]
        self.bend_answer(LEAVES, blob, Answer(200, change(leaves)))

    def flip_in_leaf(self, blob, index, bit):
        self.bend_leaves(blob, lambda leaves: counted([*leaves[:index], changed(leaves[index], 31, bit), *leaves[index + 1 :]]))

    def reorder_leaves(self, blob):
        self.bend_leaves(blob, lambda leaves: counted(leaves[::-1]))

    def fewer_leaves(self, blob, number):
        self.bend_leaves(blob, lambda leaves: counted(leaves[:number]))

    def more_leaves(self, blob, number):
        self.bend_leaves(blob, lambda leaves: counted(leaves + [os.urandom(32)] * number))

    def repeat_last_leaf(self, blob):
        """As trees are widened that pad with what they have: CVE-2012-2459."""
        self.bend_leaves(blob, lambda leaves: counted([*leaves, leaves[-1]]))

    def node_for_leaves(self, blob):
        """A node of the tree in the place of the two leaves below it."""
        self.bend_leaves(blob, lambda leaves: counted([sha256(b"\1" + leaves[0] + leaves[1]), *leaves[2:]]))

    def root_for_leaves(self, blob):
        def root(leaves):
            left = sha256(b"\1" + leaves[0] + leaves[1])
            return counted([sha256(b"\1" + left + leaves[2])])

        self.bend_leaves(blob, root)

    def say_another_count(self, blob, count):
        self.bend_leaves(blob, lambda leaves: u64(count) + b"".join(leaves))

    def add_to_leaves(self, blob, more):
        self.bend_leaves(blob, lambda leaves: counted(leaves) + more)

    def serve_as_leaves(self, blob, body):
        self.bend_answer(LEAVES, blob, Answer(200, body))

    # Withholding

    def withhold_blob(self, blob):
        self.bend_answer(r"/v1/blob/", blob, Answer(404, b"", ("Vaultd-Error: E_NOT_FOUND",)))

    def withhold_chunk(self, blob, index, honestly):
        """Its leaf says that it is not there, or says that it is."""
        self.bend_answer(CHUNK + f"{index}$", blob, Answer(404, b"", ("Vaultd-Error: E_NOT_FOUND",)))
        if honestly:
            self.bend_leaves(blob, lambda leaves: counted([*leaves[:index], bytes(32), *leaves[index + 1 :]]))

    # What comes

    def keep_no_chunks(self):
        """Whatever those who are lied to send is acknowledged, and is nowhere."""
        self.keeps_nothing = True

    def claim_chunk_is_there(self):
        """Of every blob that is asked about, one leaf that nobody has written."""
        self.bend("GET", LEAVES, lambda *_: Answer(200, counted([os.urandom(32), bytes(32), bytes(32)])))
