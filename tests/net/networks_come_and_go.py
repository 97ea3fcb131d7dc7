# SPDX-License-Identifier: Apache-2.0
"""Devices and their server over networks that are slow, lose packets, go away and come back as another."""

import near  # noqa: F401
from network import Network

from harness import main, test
from waiting import Stopwatch, wait_until

PING_SECONDS = 30  # what a connection that died without a word may take to be noticed


def arrives(device, name, value, seconds):
    watch = Stopwatch()

    def there():
        said = device.ctl("get", name)
        return said.code == 0 and said.out == value

    wait_until(there, f"{name} on {device.name}", seconds)
    return watch.seconds


def state(device):
    return device.status()["sync"]["state"]


@test
def a_slow_network_that_loses_packets_takes_seconds(world):
    with Network(world) as network:
        network.tell("delay", 0.1)
        network.tell("loss", 0.1)
        laptop, phone = network.household()
        for number in range(3):
            laptop.put("item", b"%d" % number)
            print("put to get: %.1f s" % arrives(phone, "item", b"%d" % number, 10))


@test
def a_cable_that_is_plugged_in_again_is_enough(world):
    with Network(world) as network:
        laptop, phone = network.household()
        network.inside("laptop", "link", "set", "eth0", "down")
        laptop.put("from/laptop", b"written without a network")
        phone.put("from/phone", b"meanwhile")
        wait_until(lambda: state(laptop) == "offline", "the laptop notices", PING_SECONDS)
        gone = Stopwatch()
        wait_until(lambda: gone.seconds > 12, "a back-off of 8 s and more")
        network.inside("laptop", "link", "set", "eth0", "up")
        took = arrives(phone, "from/laptop", b"written without a network", 10)
        took = max(took, arrives(laptop, "from/phone", b"meanwhile", 10))
        print("in step %.1f s after the link" % took)
        assert took < 4, f"{took:.1f} s: that was the back-off and not the link"


@test
def another_address_changes_nothing(world):
    with Network(world) as network:
        laptop, phone = network.household()
        network.inside("laptop", "addr", "del", "10.77.0.2/24", "dev", "eth0")
        network.inside("laptop", "addr", "add", "10.77.0.99/24", "dev", "eth0")
        phone.put("from/phone", b"1")
        arrives(laptop, "from/phone", b"1", 15)
        laptop.put("from/laptop", b"2")
        arrives(phone, "from/laptop", b"2", 15)


@test
def a_network_that_swallows_packets_is_noticed_by_ping_and_healed(world):
    with Network(world) as network:
        laptop, phone = network.household()
        laptop.put("before", b"0")
        arrives(phone, "before", b"0", 10)
        network.tell("drop", network.port("laptop"))
        phone.put("meanwhile", b"1")
        cut = Stopwatch()
        wait_until(lambda: state(laptop) != "idle", "the laptop notices", PING_SECONDS + 5)
        print("noticed after %.1f s" % cut.seconds)
        network.tell("carry", network.port("laptop"))
        print("healed after %.1f s" % arrives(laptop, "meanwhile", b"1", 15))


if __name__ == "__main__":
    main()
