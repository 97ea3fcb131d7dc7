#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates by which a server would be taken for another one, and the file of certificates that --ca names when it is
missing, something else, or hangs: the daemon goes on, says which file it is, and syncs by itself once it is good again."""

import os
import shutil

import near  # noqa: F401
from certificates import Authority, certificates, hung_mount, odd_certificate
from harness import main, test
from waiting import Stopwatch, wait_until

WEAK = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\n"


def https(world, host="localhost"):
    return f"https://{host}:{world.server.port}"


def served(world, authority, **wish):
    """Our own server, which presents that certificate; in its configuration everything is allowed."""
    (world.folder / "server.cnf").write_text(WEAK + "CipherString = DEFAULT@SECLEVEL=0\n")
    certificate, key = authority.issue()
    world.start_server("--tls-cert", certificate, "--tls-key", key)
    shows(world, *authority.issue(**wish))


def shows(world, certificate, key):
    """From now on the server presents another one."""
    world.server.stop()
    world.server.start("--tls-cert", certificate, "--tls-key", key, "--origin", https(world),
                       OPENSSL_CONF=str(world.folder / "server.cnf"))


def creates(world, device, ca):
    return device.ctl(*device.enrolment("create", https(world)), *(["--ca", str(ca)] if ca else []), password=world.password)


@test(proves="A12")
def a_name_that_stands_only_in_the_common_name_is_no_name_of_the_server(world):
    authority = Authority(world.folder)
    served(world, authority, common="localhost", names=())
    laptop = world.device("laptop", "vaultd")
    said = creates(world, laptop, authority.file)
    assert said.code == 10 and b"certificate" in said.err, said
    shows(world, *authority.issue(names=("localhost",)))
    assert creates(world, laptop, authority.file).code == 0
    shows(world, *authority.issue(common="localhost", names=("127.0.0.1",)))
    laptop.restart()
    assert "certificate" in laptop.fails(10, "sync")
    shows(world, *authority.issue(names=("localhost",)))
    laptop.ok("sync")


@test(proves="A13")
def nothing_of_the_environment_says_whom_to_trust_or_how_weak_a_key_may_be(world):
    """Each of OPENSSL_CONF, SSL_CERT_FILE and SSL_CERT_DIR would let somebody in, or keep the honest server out."""
    authority = Authority(world.folder)
    served(world, authority, rsa_bits=1024)
    trusted = world.folder / "trusted"
    trusted.mkdir()
    shutil.copy(authority.file, trusted / f"{authority.subject_hash()}.0")
    settings = world.folder / "client.cnf"
    settings.write_text(WEAK + "CipherString = DEFAULT@SECLEVEL=0\nMaxProtocol = TLSv1.2\n")
    weak = world.folder / "weak.cnf"
    weak.write_text(WEAK + "CipherString = DEFAULT@SECLEVEL=0\n")
    laptop = world.device("laptop", "vaultd", start=False)

    laptop.start(OPENSSL_CONF=str(weak))
    assert creates(world, laptop, authority.file).code == 10, "a key of 1024 bits was let in"
    shows(world, *authority.issue())
    laptop.stop()
    laptop.start(SSL_CERT_FILE=str(authority.file), SSL_CERT_DIR=str(trusted))
    assert creates(world, laptop, None).code == 10, "the environment named an authority"
    laptop.stop()
    laptop.start(OPENSSL_CONF=str(settings))
    assert creates(world, laptop, authority.file).code == 0, "a configuration kept the honest server out"


def synced_over_tls(world):
    """A laptop in sync, the file that it trusts, and the folder that this lies in."""
    folder = world.folder / "etc"
    folder.mkdir()
    ca, certificate, key = certificates(folder)
    trusted = folder / "trusted.pem"
    shutil.copy(ca, trusted)
    world.start_server("--tls-cert", certificate, "--tls-key", key)
    laptop = world.device("laptop")
    laptop.ok(*laptop.enrolment("create"), "--ca", str(trusted), password=world.password)
    laptop.put("note", b"over TLS")
    laptop.sync()
    return laptop, ca, trusted


def says(laptop, trusted, words):
    """The status names the file and what is wrong; reading goes on."""
    def told():
        sync = laptop.status()["sync"]
        return sync["state"] == "offline" and sync.get("error") and str(trusted) in sync["error"] and words in sync["error"]

    wait_until(told, f"a status that names {trusted} and says {words!r}")
    assert "tried again by itself" in laptop.ok("status").decode()
    assert laptop.get("note") == b"over TLS"


def comes_back(laptop, ca, trusted):
    """The file is good again: nobody restarts anything or asks for anything."""
    put_back = trusted.with_suffix(".new")
    shutil.copy(ca, put_back)
    put_back.rename(trusted)
    wait_until(lambda: laptop.status()["sync"]["state"] == "idle" and not laptop.status()["sync"].get("error"),
               "sync by itself", 60)


@test(proves="A14")
def a_ca_file_that_is_missing_when_vaultd_starts_stops_sync_until_it_is_back(world):
    laptop, ca, trusted = synced_over_tls(world)
    trusted.unlink()
    laptop.restart()
    laptop.unlock()
    says(laptop, trusted, "is not there")
    said = laptop.fails(10, "sync")
    assert str(trusted) in said and "--ca" in said, said
    comes_back(laptop, ca, trusted)
    laptop.put("note", b"again")
    laptop.sync()


@test(proves="A14")
def whatever_lies_in_the_place_of_the_ca_file_is_named_and_stops_nothing_else(world):
    laptop, ca, trusted = synced_over_tls(world)

    def in_its_place(make, words):
        laptop.stop()
        trusted.unlink()
        make(trusted)
        watch = Stopwatch()
        laptop.start()
        laptop.unlock()
        assert words in laptop.fails(10, "sync")
        says(laptop, trusted, words)
        print(f"    {make.__name__}: {watch.seconds:.1f} s")
        trusted.rmdir() if trusted.is_dir() else trusted.unlink()
        comes_back(laptop, ca, trusted)

    def a_fifo(path):
        os.mkfifo(path)

    def a_folder(path):
        path.mkdir()

    def nothing_at_all(path):
        path.write_text("")

    def a_key(path):
        shutil.copy(trusted.parent / "ca.key", path)

    def more_than_anybody_trusts(path):
        with open(path, "wb") as file:
            file.truncate(1 << 40)

    def an_authority_that_has_ended(path):
        shutil.copy(odd_certificate(world.folder, days=(-3, -1))[0], path)

    in_its_place(a_fifo, "no plain file")
    in_its_place(a_folder, "no plain file")
    in_its_place(nothing_at_all, "holds none")
    in_its_place(a_key, "holds none")
    in_its_place(more_than_anybody_trusts, "holds none")
    in_its_place(an_authority_that_has_ended, "out of its dates")


@test(proves="A14")
def a_ca_file_that_is_none_is_named_at_a_create_and_a_join_which_leave_nothing(world):
    laptop, ca, trusted = synced_over_tls(world)
    phone = world.device("phone")
    os.mkfifo(world.folder / "fifo")
    for verb in ("create", "join"):
        for path, words in ((world.folder / "nowhere.pem", "is not there"), (world.folder / "fifo", "no plain file"),
                            (world.folder, "no plain file"), (ca.parent / "ca.key", "holds none")):
            said = phone.fails(10, *phone.enrolment(verb), "--ca", str(path), password=world.password)
            assert f"{path}: " in said and words in said, said
            assert not (phone.vault_folder / "data.mdb").exists()
    phone.ok(*phone.enrolment("join"), "--ca", str(trusted), password=world.password)
    assert phone.get("note") == b"over TLS"


@test(proves="A14")
def a_ca_file_on_a_mount_that_hangs_holds_up_no_start_no_reading_and_no_stop(world):
    laptop, ca, trusted = synced_over_tls(world)
    laptop.stop()
    kept = world.folder / "kept"
    trusted.parent.rename(kept)
    trusted.parent.mkdir()
    with hung_mount(trusted.parent):
        laptop.start()
        laptop.unlock()
        says(laptop, trusted, "does not answer")
        laptop.put("note", b"written meanwhile")
        laptop.stop()
        laptop.start()
        says_it = wait_until(lambda: laptop.status()["sync"].get("error"), "an error")
        assert str(trusted) in says_it
    trusted.parent.rmdir()
    kept.rename(trusted.parent)
    laptop.unlock()
    wait_until(lambda: laptop.status()["sync"]["pending"] == 0, "sync by itself", 60)


if __name__ == "__main__":
    main()
