# SPDX-License-Identifier: Apache-2.0
"""The one place where a test waits: for a condition, with a deadline. Nothing here waits for time to pass."""

import time


def wait_until(condition, what, seconds=60.0):
    """Returns the first true value of condition(), or fails with a sentence that names what never came.

    The patience is that of a machine with other work; it costs time only in a test that fails."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Stopwatch:
    def __init__(self):
        self.began = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.began
