# SPDX-License-Identifier: Apache-2.0
"""A terminal with a person at it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

from programs import Said
from waiting import wait_until


CODE = re.compile(rb"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){7}-([0-9A-Z]{4})")


def last_group(shown):
    """What a person reads at the end of the recovery code that is shown."""
    return CODE.findall(shown)[-1].decode()


def as_at_a_terminal():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background ignores it, and so would its children
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def at_terminal(device, *words, typed, columns=80, env=()):
    """What vaultctl shows to a person who answers its questions in turn: those for passwords once nothing is echoed.

    An answer may be a function of what was shown until then; None hangs up, and the byte 3 is Ctrl-C.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen([device.vaultctl, *words], stdin=follower, stdout=follower, stderr=follower,
                             env=dict(device.env, TERM="xterm", **dict(env)), start_new_session=True,
                             preexec_fn=as_at_a_terminal)
    os.close(follower)
    shown, answers = bytearray(), list(typed)

    def answer(with_):
        said = with_(bytes(shown)) if callable(with_) else with_
        if said is None:
            return True
        os.write(leader, said if isinstance(said, bytes) else said.encode() + b"\n")
        return False

    def step():
        try:
            if select.select([leader], [], [], 0)[0]:
                shown.extend(os.read(leader, 65536))
        except OSError:
            return True
        if answers and re.search(answers[0][0].encode() + b"$", bytes(shown)):
            echoes = termios.tcgetattr(leader)[3] & termios.ECHO
            if echoes == 0 or "assword" not in answers[0][0]:
                return answer(answers.pop(0)[1])
        return False

    wait_until(step, f"vaultctl {words} ends at a terminal")
    os.close(leader)
    assert not answers, f"never asked for {answers}: {bytes(shown)}"
    return Said(child.wait(10), bytes(shown), b"")
