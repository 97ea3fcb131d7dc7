#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator may rely on in vault-server: its first line, its folder, its stop, its port, its origins, TLS, and
who may make an account."""

import socket
import stat
import subprocess

import near  # noqa: F401
from certificates import FOR_CLIENTS, certificates, odd_certificate

from harness import READER, main, test
from programs import STOP_SECONDS
from waiting import Stopwatch


def refuses_to_start(world, word, *options):
    argv = [world.build / "vault-server", *map(str, options)]
    done = subprocess.run(argv, env=world.bare_env, capture_output=True, timeout=20)
    assert done.returncode not in (0, -6, -11), done
    assert word in done.stderr.decode(), done.stderr
    assert done.stdout == b"", done.stdout


@test
def it_makes_its_folder_for_itself_alone(world):
    world.start_server()
    assert stat.S_IMODE(world.server.data.stat().st_mode) == 0o700
    kept = [path for path in world.server.data.rglob("*") if path.is_file()]
    assert kept and all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in kept)


@test
def the_port_can_be_bound_again_at_once_after_a_stop_and_after_a_kill(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    first = world.server.listen
    for end in (world.server.stop, world.server.kill, world.server.stop):
        end()
        world.server.start()
        assert world.server.listen == first
        laptop.put("note", b"x")
        laptop.sync()


@test
def sigterm_ends_it_within_five_seconds_whatever_is_open(world):
    world.start_server()
    laptop, phone = world.pair()  # each holds a long poll
    laptop.sync()
    address = ("127.0.0.1", world.server.port)
    idle = [socket.create_connection(address) for _ in range(50)]
    idle[0].sendall(b"POST /v1/prelogin HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it")
    idle[1].sendall(b"GET /v1/hea")
    watch = Stopwatch()
    world.server.stop()
    assert watch.seconds < STOP_SECONDS
    for client in idle:
        client.close()


@test
def a_folder_is_one_servers(world):
    world.start_server()
    refuses_to_start(world, "", "--data", world.server.data, "--listen", "127.0.0.1:0")


@test(proves="A11")
def plain_http_is_served_on_loopback_only(world):
    refuses_to_start(world, "http", "--data", world.folder / "data", "--listen", "0.0.0.0:0")
    refuses_to_start(world, "", "--data", world.folder / "data", "--listen", "nonsense")


@test
def a_stopped_servers_folder_may_be_copied_and_started_elsewhere(world):
    world.start_server(proxied=True)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("note", b"before the move")
    laptop.sync()
    world.server.stop()
    elsewhere = world.server.copied("elsewhere")
    moved = world.start_server("--origin", world.proxy.url, name="moved", data=elsewhere)
    world.proxy.upstream = moved.port  # as a change in the DNS would do it
    laptop.put("note2", b"after the move")
    laptop.sync()
    phone = world.device("phone")
    phone.ok(*phone.enrolment("join", moved.url), password=world.password)
    assert phone.get("note") == b"before the move" and phone.get("note2") == b"after the move"


@test(proves="A10")
def a_request_for_another_origin_is_refused(world):
    world.start_server(proxied=True)
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create()
    world.server.stop()
    world.server.start("--origin", "https://vault.example.org")  # the proxy's URL is none of its names any more
    laptop.put("note", b"x")
    laptop.fails(5, "sync")  # it may be that a copy of this device has revoked it, and only the password can ask
    laptop.unlock()
    laptop.fails(6, "sync")
    phone.fails(6, *phone.enrolment("join"), password=world.password)
    world.server.stop()
    world.server.start("--origin", "https://vault.example.org", "--origin", world.proxy.url)
    laptop.sync()
    phone.join()


@test(proves="A07")
def several_accounts_share_a_server_and_nothing_else(world):
    world.start_server()
    devices = {}
    for account in ("anna", "ben"):
        world.account = account
        devices[account] = world.device(account)
        devices[account].create()
        devices[account].put("note", account.encode())
        devices[account].sync()
    assert devices["anna"].get("note") == b"anna" and devices["ben"].get("note") == b"ben"
    assert len(devices["ben"].status()["devices"]) == 1
    assert devices["anna"].status()["vault"]["id"] != devices["ben"].status()["vault"]["id"]


@test
def closed_registration_makes_no_account_and_still_serves_those_there_are(world):
    world.start_server()
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create()
    world.server.stop()
    world.server.start("--registration", "closed")
    phone.join()
    world.account = "ben"
    other = world.device("other")
    assert "accounts" in other.fails(9, *other.enrolment("create"), password="pw")
    assert other.status()["vault"]["state"] == "absent"


def administer(world, *words):
    """A subcommand of vault-server, beside the server that runs; what it prints."""
    argv = [world.build / "vault-server", "--data", world.server.data, *map(str, words)]
    return subprocess.check_output(argv, env=world.bare_env).decode()


@test
def an_invitation_makes_one_account(world):
    world.start_server("--registration", "invite")
    laptop, other = world.device("laptop"), world.device("other")
    assert "invit" in laptop.fails(9, *laptop.enrolment("create"), password=world.password)
    laptop.fails(9, *laptop.enrolment("create"), "--invite", "made up", password=world.password)
    token = administer(world, "invite").strip()
    laptop.ok(*laptop.enrolment("create"), "--invite", token, password=world.password)
    world.account = "ben"
    other.fails(9, *other.enrolment("create"), "--invite", token, password="pw")


@test
def a_backup_of_a_running_server_starts_as_a_server(world):
    world.start_server()
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create()
    laptop.put("note", b"in the backup")
    laptop.sync()
    copy = world.folder / "copy"
    copy.mkdir(mode=0o700)
    administer(world, "backup", copy / "data.mdb")
    world.server.stop()
    restored = world.start_server(name="restored", data=copy)
    phone.ok(*phone.enrolment("join", restored.url), password=world.password)
    assert phone.get("note") == b"in the backup"


@test(proves="9")
def an_operator_can_give_a_person_all_that_is_theirs(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("note", b"mine")
    laptop.sync()
    assert "anna" in administer(world, "account", "ls")
    administer(world, "export", "anna", world.folder / "export")
    (world.folder / "password").write_text(world.password)
    argv = ["/usr/bin/python3", READER, world.folder / "export", "--password-file", world.folder / "password"]
    assert subprocess.check_output([*argv, "--allow-test-suite", "--get", "note"]) == b"mine"


@test
def a_full_account_is_told_so_and_loses_nothing(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.sync()
    administer(world, "account", "quota", "anna", "1")
    laptop.put("note", b"kept here")
    laptop.fails(14, "sync")
    assert laptop.get("note") == b"kept here" and laptop.status()["sync"]["pending"] > 0
    administer(world, "account", "quota", "anna", 1 << 30)
    laptop.sync()
    assert laptop.status()["sync"]["pending"] == 0


@test(proves="A11")
def tls_works_with_a_ca_of_ones_own_and_is_refused_without(world):
    ca, certificate, key = certificates(world.folder)
    world.start_server("--tls-cert", certificate, "--tls-key", key)
    laptop, phone = world.device("laptop", "vaultd"), world.device("phone", "vaultd")
    laptop.fails(10, *laptop.enrolment("create"), password=world.password)
    wrong_name = f"https://localhost:{world.server.port}"
    laptop.fails(10, *laptop.enrolment("create", wrong_name), "--ca", str(ca), password=world.password)
    plain = f"http://127.0.0.1:{world.server.port}"
    assert laptop.ctl(*laptop.enrolment("create", plain), password=world.password).code != 0
    laptop.ok(*laptop.enrolment("create"), "--ca", str(ca), password=world.password)
    laptop.put("note", b"over TLS")
    laptop.sync()
    phone.ok(*phone.enrolment("join"), "--ca", str(ca), password=world.password)
    assert phone.get("note") == b"over TLS"
    phone.restart()
    phone.unlock()
    phone.sync()  # it remembers the CA


@test
def a_certificate_that_clients_will_refuse_and_a_key_that_others_read_are_told(world):
    def told(files, mode=0o600):
        certificate, key = files
        key.chmod(mode)
        server = world.start_server("--tls-cert", certificate, "--tls-key", key, name=f"server-{len(world.programs)}")
        server.stop()
        return server.stderr().decode()

    assert "TLS" not in told(odd_certificate(world.folder))
    assert "has expired" in told(odd_certificate(world.folder, days=(-3, -1)))
    assert "not valid yet" in told(odd_certificate(world.folder, days=(1, 3)))
    assert "not one for servers" in told(odd_certificate(world.folder, purpose=FOR_CLIENTS))
    assert "other users may read the TLS key" in told(odd_certificate(world.folder), 0o644)


@test
def a_key_with_a_passphrase_and_files_without_a_name_are_errors_that_say_so(world):
    certificate, key = odd_certificate(world.folder, passphrase=b"secret")
    data = world.folder / "data"
    refuses_to_start(world, "is encrypted", "--data", data, "--tls-cert", certificate, "--tls-key", key)
    refuses_to_start(world, "has to be named", "--data", data, "--tls-cert", "", "--tls-key", "")
    refuses_to_start(world, "has to be named", "--data", data, "--tls-cert", certificate, "--tls-key", "")


@test(proves="3")
def a_backup_in_place_of_the_folder_is_noticed_as_older(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    laptop.sync()
    old = world.server.copied("old")
    laptop.put("note", b"the backup has it not")
    laptop.sync()
    newer = world.server.goes_back(old)
    laptop.fails(11, "sync")
    status = laptop.status()
    assert status["trust"]["state"] == "distrusted" and status["trust"]["reason"] == "E_ROLLBACK"
    assert status["sync"]["state"] == "distrusted"
    assert laptop.get("note") == b"the backup has it not"
    laptop.put("more", b"local writes go on")
    laptop.restart()
    laptop.fails(11, "sync")  # a restart does not forget it
    world.server.goes_back(newer)
    laptop.sync()  # the server shows again what this device knows
    assert laptop.status()["trust"]["state"] != "distrusted"
    laptop.unlock()
    assert laptop.get("more") == b"local writes go on"


if __name__ == "__main__":
    main()
