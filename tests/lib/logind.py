# SPDX-License-Identifier: Apache-2.0
"""A system bus of our own with a session manager on it: what systemd-logind says to a daemon, and what it notices."""

import os
import select
import subprocess
import threading

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>{}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"""

NAME = "org.freedesktop.login1"
MANAGER = DBusAddress("/org/freedesktop/login1", NAME, NAME + ".Manager")


class SystemBus:
    def __init__(self, folder):
        self.config, self.address = folder / "bus.conf", f"unix:path={folder}/bus"
        self.config.write_text(CONFIG.format(self.address))
        self.process = None
        self.start()

    def start(self):
        argv = ["setpriv", "--pdeathsig", "KILL", "--", "dbus-daemon", "--nofork", "--print-address=1",
                f"--config-file={self.config}"]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline(), "the bus says where it listens"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Logind:
    """Answers on a thread of its own; `inhibitors` are the read ends of the pipes that those who inhibit hold."""

    def __init__(self, bus, sessions):
        self.sessions = {f"/org/freedesktop/login1/session/{name}": uid for name, uid in sessions.items()}
        self.inhibitors, self.clients, self.asked = [], [], []
        self.connection = open_dbus_connection(bus.address, enable_fds=True)
        reply = self.connection.send_and_get_reply(message_bus.RequestName(NAME), timeout=5)
        assert reply.body == (1,), f"the name is ours: {reply.body}"
        self.over, self.sending = False, threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.over = True
        self.thread.join()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _serve(self):
        while not self.over:
            try:
                call = self.connection.receive(timeout=0.02)
            except TimeoutError:
                continue
            except OSError:
                return  # the bus is gone
            if call.header.message_type == MessageType.method_call:
                self._answer(call, call.header.fields)

    def _answer(self, call, fields):
        if fields[HeaderFields.member] == "Inhibit":
            assert call.body[0] == "sleep" and call.body[3] == "delay", call.body
            ours, theirs = os.pipe()
            self.clients.append(fields[HeaderFields.sender])
            self._send(new_method_return(call, "h", (theirs,)))
            os.close(theirs)
            self.inhibitors.append(ours)
        elif fields[HeaderFields.member] == "Get":
            uid = self.sessions[fields[HeaderFields.path]]
            self._send(new_method_return(call, "v", (("(uo)", (uid, f"/org/freedesktop/login1/user/_{uid}")),)))
            self.asked.append(uid)
        else:
            self._send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))

    def _send(self, message):
        with self.sending:
            self.connection.send(message)

    # What it says.

    def prepare_for(self, what, begins):
        self._send(new_signal(MANAGER, f"PrepareFor{what}", "b", (begins,)))

    def lock_session(self, name):
        self._send(new_signal(self._session(name), "Lock"))

    def hint_locked(self, name):
        address = self._session(name).with_interface("org.freedesktop.DBus.Properties")
        body = (NAME + ".Session", {"IdleHint": ("b", False), "LockedHint": ("b", True)}, [])
        self._send(new_signal(address, "PropertiesChanged", "sa{sv}as", body))

    @staticmethod
    def _session(name):
        return DBusAddress(f"/org/freedesktop/login1/session/{name}", NAME, NAME + ".Session")

    # What it sees.

    def inhibited(self):
        """Whether the newest inhibitor is held."""
        return bool(self.inhibitors) and not select.select(self.inhibitors[-1:], [], [], 0)[0]

    def await_release(self, seconds=10):
        assert select.select(self.inhibitors[-1:], [], [], seconds)[0], "the inhibitor is let go"


def forge(bus, client, signal, *body):
    """The manager's signal to one client alone, from somebody who is not the manager."""
    message = new_signal(MANAGER, signal, *body)
    message.header.fields[HeaderFields.destination] = client
    with open_dbus_connection(bus.address) as connection:
        connection.send_and_get_reply(message_bus.GetId())
        connection.send(message)
        connection.send_and_get_reply(message_bus.GetId())  # the bus has passed it on
