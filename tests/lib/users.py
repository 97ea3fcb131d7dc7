# SPDX-License-Identifier: Apache-2.0
"""Real users of one machine: the daemon's owner, an ordinary one, and a stranger. Needs root, to become them."""

import json
import os
import shutil
import signal
import traceback

from harness import Skip
from programs import Device

OWNER, STRANGER = 12345, 65534


def become(uid):
    """The words before a command that is to run as this user, and not to outlive the test."""
    return [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


class OwnedDevice(Device):
    """A device whose folders, daemon and vaultctl are the owner's."""

    def __init__(self, world, name, program="vaultd_test"):
        super().__init__(world, name, program)
        world.folder.chmod(0o711)
        for program in ("program", "vaultctl"):  # the build may lie where only root may look
            setattr(self, program, shutil.copy(getattr(self, program), world.folder))
        for folder in (self.runtime.parent, self.runtime):
            os.chown(folder, OWNER, OWNER)
        self.setpriv = become(OWNER)


def owned_laptop(world, create=True):
    """The owner's laptop, with a vault and an item in it."""
    if os.geteuid() != 0:
        raise Skip("needs root, to become three users")
    device = OwnedDevice(world, "laptop")
    world.programs.append(device)
    if create:
        world.start_server()
        device.start()
        device.create()
        device.put("note", b"value")
    return device


def run_as(uid, function):
    """What function() gives, as JSON can hold it, in a process of this user."""
    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(begin, json.dumps(function()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(begin)
    with os.fdopen(end, "rb") as answer:
        text = answer.read()
    assert os.waitpid(child, 0)[1] == 0, "the other user's process failed"
    return json.loads(text)
