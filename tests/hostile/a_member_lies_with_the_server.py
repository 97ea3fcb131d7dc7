#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server with the keys of a member's device: all vault keys, the keys of all chains, and what signs one chain. Whatever
that device signs is on its chain; what is not right with it, every other device refuses."""

import near  # noqa: F401
from scene import harness, lie

SEALED = ["the commitment", "the salt", "the tag", "the ciphertext", "the kind, after sealing", "the device, after sealing",
          "the epoch, after sealing", "the laptop's bytes", "the laptop's key"]
SIGNED = ["nobody's signature", "a malleable signature", "a signature over another label", "the signature of the commit before"]
HEADED = ["the counter repeats", "the counter falls", "an epoch without its commit", "epoch 0",
          "an epoch commit for the same epoch", "a keyring version before it had joined", "keyring version 0", "another vault"]
FRAMED = ["padding that is not zero", "a longer frame", "a frame that says it is longer", "bytes left over", "no records",
          "no content", "counts that are not there", "DK cut short", "an ack with a body"]
RECORDED = ["a wrong check", "no operation", "an unknown operation", "an empty name", "a name with a newline",
            "a name that is not UTF-8", "a removal with a type", "a put without a value", "a removal with a value",
            "a type with a newline", "attributes out of order", "an attribute twice", "replaced versions out of order", "a blob of 2^63 bytes",
            "a blob of one byte more than its chunks hold", "a time after the last one"]
SEEN = ["seen out of order", "seen twice", "seen itself", "seen seq 0", "seen a stranger", "seen less than before",
        "a checkpoint that leaves a chain out"]
JUMPED = ["a jump to no later epoch", "a jump to an epoch before", "a jump with a counter that falls", "a jump after itself",
          "a jump after one above it", "a jump after nothing, with another hash", "a jump that leaves a chain out",
          "a jump over nothing to the epoch after the next", "a jump over nothing with another prev",
          "a jump before the keyring in which she joined", "DK of a jump cut short",
          "a jump over what a keyring names", "a jump after another commit than hers"]


@lie("K09", "E_TAMPER", "Dodis et al. 2018; GHSA-wqgp-vphw-hphf; LGR21", each=SEALED)
def a_member_signs_what_is_not_sealed_as_it_says(home, how):
    home.server.member_writes("mallory", how)


@lie("R01", "E_TAMPER", "RFC 8032 §5.1.7; Botan 2.19 accepts them", each=SIGNED)
def a_members_commit_has_no_signature_of_hers(home, how):
    home.server.member_writes("mallory", how)


@lie("R05", "E_TAMPER", "BORG; ZKAE DL01", each=HEADED)
def a_member_signs_a_header_that_does_not_follow(home, how):
    home.server.member_writes("mallory", how)


@lie("R14", "E_TAMPER", "general", each=FRAMED)
def a_member_seals_what_does_not_parse(home, how):
    home.server.member_writes("mallory", how)


@lie("R14", "E_TAMPER", "general", each=RECORDED)
def a_member_seals_records_that_nobody_may_write(home, how):
    home.server.member_writes("mallory", how)


@lie("R07", "E_TAMPER", "SUNDR", each=SEEN)
def a_member_names_what_she_saw_against_the_rules(home, how):
    home.server.member_writes("mallory", how)


@lie("R07", "E_TAMPER", "Borg 2 docs", each=["a base above itself", "a base at no epoch", "a base at 0"])
def a_member_signs_a_base_that_hides_what_was(home, how):
    home.server.member_writes("mallory", how)


@lie("R05", "E_TAMPER", "own: a jump", each=JUMPED)
def a_member_jumps_against_the_rules(home, how):
    home.server.member_writes("mallory", how)


@lie("R03", "E_GAP", "own: a jump", each=["a jump after a commit that is not there"])
def a_member_jumps_from_what_is_not_there(home, how):
    home.server.member_writes("mallory", how)


@lie("R14", "E_TAMPER", "general", each=["a value too large", "a name too long", "1001 records", "65 attributes"])
def a_member_seals_more_than_a_limit_allows(home, how):
    home.server.member_writes("mallory", how)


@lie("N07", "E_TAMPER", "SP 800-38D; mozilla-nss bmo#1053127", each=["the counter passes 2^48", "the counter at its very end"])
def a_member_counts_beyond_the_end(home, how):
    home.server.member_writes("mallory", how)


@lie("R07", "E_GAP", "ZKAE 1P02; SUNDR", each=[("laptop", 100), ("tablet", 50), ("oscar", 2), ("phone", 200)])
def a_member_names_commits_that_are_not_shown(home, whose, seq):
    home.server.commit_that_names("mallory", home.ids[whose], seq)


@lie("R09", "E_FORK", "SUNDR; SPORC; Depot")
def a_member_names_another_commit_than_the_one_that_is_shown(home):
    home.server.commit_that_names("mallory", home.ids["tablet"], home.known_seq("tablet"))


if __name__ == "__main__":
    harness.main()
