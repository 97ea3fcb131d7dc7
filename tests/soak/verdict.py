# SPDX-License-Identifier: Apache-2.0
"""What must be true when a soak has ended: nothing answered is lost, on any device, nor to a reader of the export."""

import base64
import json
import os
import subprocess

from apps import GONE, digest, missing_from
from harness import READER
from rpc import Refused

PYTHON = "/usr/bin/python3"  # Debian's: the one that has python3-cryptography


def value_or_gone(rpc, name):
    try:
        return digest(rpc.get(name))
    except Refused as refused:
        if refused.kind != "E_NOT_FOUND":
            raise
        return GONE


def history(rpc, name):
    """Newest first; empty when the device has never heard of the name."""
    try:
        return rpc.call("item.history", name=name)["versions"]
    except Refused as refused:
        if refused.kind != "E_NOT_FOUND":
            raise
        return []


def losses_of_own(rpc, app):
    """What one app wrote and this device does not have, in words."""
    for name, written in app.own.items():
        if not written.answered:
            continue
        if missing := missing_from(history(rpc, name), written):
            yield f"{name} lost {len(missing)} of {len(written.answered)} answered versions, or their order"
        if not written.may_be(value_or_gone(rpc, name)):
            yield f"{name} is not what was answered last"


def losses_of_shared(rpc, apps):
    for name in sorted({name for app in apps for name, _, _ in app.shared}):
        there = {version["version"] for version in history(rpc, name)}
        answered = {version for app in apps for n, version, _ in app.shared if n == name}
        if lost := answered - there:
            yield f"{name} lost {len(lost)} of {len(answered)} answered versions"


def state_of(device):
    """Every item with its version, its heads and the digest of its value."""
    with device.rpc() as rpc:
        items = {item["name"]: item for item in rpc.list()}
        return {name: (item["version"], item["heads"], digest(rpc.get(name))) for name, item in items.items()}


def losses_of_export(device, state):
    """The sealed export, verified and opened by the reader that shares nothing with us; it refuses a repeated pair."""
    folder, password = device.world.folder / "export", device.world.folder / "password"
    device.ok("export", "--sealed", folder, "--without-large", timeout=1800)
    password.write_text(device.world.password)
    argv = [PYTHON, READER, folder, "--password-file", password, "--json"]
    reader = subprocess.Popen(argv, stdout=subprocess.PIPE, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    lines = (json.loads(line) for line in reader.stdout)
    read = {line["name"]: digest(base64.b64decode(line["value_base64"])) for line in lines}
    if reader.wait():
        yield f"the reader of the export ended with {reader.returncode}"
    if read != {name: value for name, (_, _, value) in state.items()}:
        yield f"the export has {len(read)} items, the devices {len(state)}, or their values differ"


def losses(devices, apps):
    states = [state_of(device) for device in devices]
    for device, state in zip(devices, states, strict=True):
        if state != states[0]:
            yield f"{device.name} shows other items than {devices[0].name}"
        with device.rpc() as rpc:
            for app in apps:
                yield from (f"{device.name}: {loss}" for loss in losses_of_own(rpc, app))
            yield from (f"{device.name}: {loss}" for loss in losses_of_shared(rpc, apps))
    yield from losses_of_export(devices[-1], states[0])
