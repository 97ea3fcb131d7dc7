#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The numbers of daemon and server: what a strict reader of OpenMetrics takes, rising with what was done, and no word of
anybody's."""

import socket
import urllib.request

import near  # noqa: F401
from harness import main, test
from prometheus_client.openmetrics.parser import text_string_to_metric_families


def read(text):
    """All samples, (name, labels) -> value, by a parser that refuses what the format does not allow."""
    out = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in out, f"{key} twice"
            out[key] = sample.value
    return out


def of(device):
    return read(device.ok("metrics").decode())


@test
def the_daemons_numbers_rise_with_what_was_done(world):
    world.start_server()
    laptop = world.device("laptop")
    assert ("vaultd_vault_unlocked", ()) not in of(laptop), "there is no vault yet"
    laptop.create()
    laptop.sync()
    before = of(laptop)
    for number in range(7):
        laptop.put(f"secret-name/{number}", b"secret-value")
    laptop.get("secret-name/1")
    laptop.fails(7, "get", "nowhere")
    laptop.sync()
    after = of(laptop)
    grown = {key: after[key] - before.get(key, 0) for key in after}
    assert grown["vaultd_calls_total", (("method", "item.put"),)] == 7
    assert grown["vaultd_calls_total", (("method", "item.get"),)] == 2
    assert grown["vaultd_calls_failed_total", (("kind", "E_NOT_FOUND"),)] == 1
    assert grown["vaultd_disk_waits_total", ()] >= 7
    assert grown["vaultd_sync_rounds_total", ()] >= 1 and grown["vaultd_sync_pushed_total", ()] == 7
    assert grown["vaultd_loop_turn_seconds_count", ()] > 50
    assert after["vaultd_items", ()] == 7 and after["vaultd_commits_pending", ()] == 0
    assert 1 << 20 < after["vaultd_memory_anonymous_bytes", ()] < 1 << 28
    assert "secret" not in laptop.ok("metrics").decode() and world.account not in laptop.ok("metrics").decode()
    laptop.ok("lock")
    locked = of(laptop)
    assert locked["vaultd_vault_unlocked", ()] == 0 and ("vaultd_items", ()) not in locked


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@test
def the_servers_numbers_rise_with_what_was_done(world):
    place = f"127.0.0.1:{free_port()}"
    world.start_server("--metrics", place)

    def numbers():
        with urllib.request.urlopen(f"http://{place}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
            return read(answer.read().decode())

    before = numbers()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("name", b"value")
    laptop.sync()
    after = numbers()
    assert after["vault_server_requests_total", ()] >= before["vault_server_requests_total", ()] + 5
    assert after["vault_server_commits_total", ()] >= before["vault_server_commits_total", ()] + 2
    assert after["vault_server_sessions", ()] >= 1


if __name__ == "__main__":
    main()
