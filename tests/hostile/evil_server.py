# SPDX-License-Identifier: Apache-2.0
"""EvilServer: an honest server with full history and one verb per lie, in a process of its own.

Usage: evil_server.py SOCKET. A test calls verbs over that Unix socket (evil.py). A lie is prepared as a changed copy of
the history, or as a change of single answers, and is told from arm() on to those it is for; everybody else sees the truth.
"""

import os
import re
import signal
import sys
import traceback
from multiprocessing.connection import Listener

import near  # noqa: F401
from author import Insider, Member
from chunks import BlobLies
from collusion import Collusion
from history import No
from honest import AUTH, NOBODY, SHEET, Answer, HonestServer
from lies import Lies
from vaultformat.primitives import sha256

NEW = "new"  # who joins or creates: signs as nobody or by the password


class EvilServer(Lies, BlobLies, Collusion, HonestServer):
    def __init__(self):
        self.views, self.bends, self.draft, self.draft_bends = {}, [], None, []
        self.shadows, self.remembered, self.members = {}, {}, {}
        self.account_lied_about, self.noise_at, self.noised, self.in_round, self.blind = None, 0, 0, {}, False
        self.keeps_nothing = False
        super().__init__()

    # Whom it lies to

    def party(self, request):
        return NEW if request.signer in (NOBODY, AUTH, SHEET) else request.signer

    def shown_to(self, request):
        truth = self.truths[request.account]
        if request.account != self.account_lied_about:
            return truth
        return self.views.get(self.party(request)) or truth

    def freeze(self, account, *parties):
        """From now on these see the vault as it is now."""
        self.honest()
        self.account_lied_about = account
        self.views = {party: self.truths[account].copy() for party in parties}

    def show_from(self, parties, name):
        """These see a history that was remembered."""
        for party in parties:
            self.views[party] = self.remembered[name].copy()

    def show_chain(self, party, device):
        """This one sees that chain as it is now, and all else as before."""
        self.views[party].chains[device] = list(self.truths[self.account_lied_about].chains[device])
        self.views[party].rings = list(self.truths[self.account_lied_about].rings)

    def arm(self):
        """What was prepared is told from now on."""
        for party in self.views:
            if self.draft is not None:
                self.views[party] = self.draft
        self.bends, self.draft_bends, self.draft = self.draft_bends, [], None

    def honest(self):
        self.keeps_nothing = False
        self.views, self.bends, self.draft, self.draft_bends, self.noise_at, self.blind = {}, [], None, [], 0, False

    def silence(self):
        """Noise in the place of every first answer, until something else is told."""
        self.noise_in_answer(1)

    def remember(self, account, name):
        self.remembered[name] = self.truths[account].copy()

    def return_to(self, account, name):
        """The truth is again what it was then: what came since never came."""
        self.truths[account] = self.remembered[name].copy()

    @property
    def view(self):
        """The history that is told, as far as it is prepared."""
        if self.draft is None:
            self.draft = self.truths[self.account_lied_about].copy()
        return self.draft

    def bend(self, method, pattern, change):
        """change(request, answer) gives the answer in place of the honest one; the history is the true one."""
        self.draft = self.view
        self.draft_bends.append((method, pattern, change))

    def append(self, request, device):
        """What is taken from somebody shows in what that one is shown."""
        if self.bends and self.party(request) in self.views:
            raise No(500, "E_INTERNAL")  # nothing is taken while answers are lies: what is said instead is the lie's
        done = super().append(request, device)
        view = self.views.get(self.party(request))
        if view is not None and request.account == self.account_lied_about:
            view.chains[device] = list(self.truths[request.account].chains[device])
        return done

    def put_chunk(self, request, blob, index):
        """The same for a chunk."""
        if self.party(request) not in self.views:
            return super().put_chunk(request, blob, index)
        if self.keeps_nothing:
            return b""
        done = super().put_chunk(request, blob, index)
        if request.account == self.account_lied_about:
            self.views[self.party(request)].blobs[blob] = list(self.truths[request.account].blobs[blob])
        return done

    # Answers

    def signed(self, key, message, signature):
        return self.blind or super().signed(key, message, signature)

    def answer(self, request):
        answer = super().answer(request)
        with self.lock:
            if self.party(request) not in self.views:
                return answer
            for method, pattern, change in self.bends:
                if request.method == method and re.match(pattern, request.target):
                    answer = change(request, answer) or answer
            return self.noise(request) if self.counted(request) else answer

    def counted(self, request):
        """Whether this is the answer of a round that noise was asked for. A round begins with prelogin or heads."""
        party = self.party(request)
        if request.is_poll or (party != NEW and request.target == "/v1/session"):
            return False
        first = request.target == ("/v1/prelogin" if party == NEW else "/v1/heads")
        self.in_round[party] = 1 if first else self.in_round.get(party, 0) + 1
        return self.noise_at and self.in_round[party] == self.noise_at

    def noise(self, request):
        self.noised += 1
        return Answer(200, b"".join(sha256(b"%s %d" % (request.target.encode(), i)) for i in range(4)))

    def noise_in_answer(self, number):
        """The answer of that number in each round is without any sense; 0: none is."""
        self.noise_at, self.noised = number, 0

    def noises(self):
        return self.noised

    # What tests look at

    def mark(self):
        return len(self.requests)

    def since(self, mark):
        return self.requests[mark:]

    def heads_of(self, account):
        return self.truths[account].heads()

    def bytes_of(self, account):
        """(keyring versions, {device: commits}) as they are stored."""
        truth = self.truths[account]
        return truth.rings, truth.chains

    def vault_of(self, account):
        return self.truths[account].ring().vault_id

    # Members

    def member_joins(self, account, password, name):
        """A device in Python that joins with the password and then has a device's keys, no more; its id."""
        self.members[name] = Member(self.truths[account], password, name)
        return self.members[name].id

    def member_puts(self, account, member, name, value):
        self.members[member].put(self.truths[account], name, value)

    def member_puts_under(self, account, member, version, name, value):
        """She writes as if no keyring version after that one had come."""
        truth = self.truths[account]
        rings, truth.rings = truth.rings, truth.rings[:version]
        try:
            self.members[member].put(truth, name, value)
        finally:
            truth.rings = rings

    def member_jumps(self, account, member):
        """What she writes from now on is under the next epoch, above two seqs that nobody has a commit for."""
        self.members[member].jump(self.truths[account])
        self.members[member].epoch += 1

    def member_acks(self, account, member):
        self.members[member].ack(self.truths[account])

    def member_makes_a_checkpoint(self, account, member):
        return self.members[member].checkpoint(self.truths[account])

    def member_builds_a_false_vault(self, account, name, value):
        """Around the recovery keys, which every member knows; nobody's password is its password."""
        self.remember(account, "true")
        self.truths[account] = self.members[name].false_vault(self.truths[account], value)

    def insider(self, password):
        """Who has the password, and what is to be told."""
        return Insider(self.view, password)


def serve(server, path):
    with Listener(path, "AF_UNIX") as listener:
        while True:
            with listener.accept() as connection:
                try:
                    while True:
                        verb, arguments, options = connection.recv()
                        connection.send(call(server, verb, arguments, options))
                except (EOFError, OSError):
                    pass


def call(server, verb, arguments, options):
    try:
        with server.lock:
            result = getattr(server, verb)(*arguments, **options)
            server.changed.notify_all()
        return True, result
    except Exception:
        return False, traceback.format_exc()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    serve(EvilServer(), sys.argv[1])
