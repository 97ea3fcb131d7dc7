# SPDX-License-Identifier: Apache-2.0
"""Certificates made while a test runs, as good or as bad as it wants them."""

import contextlib
import ctypes
import datetime
import ipaddress
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def certificates(folder):
    """A CA and a certificate for 127.0.0.1, made by openssl: the paths of CA, certificate and key."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=a test's CA")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=a test's server")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    return folder / "ca.pem", folder / "server.pem", folder / "server.key"


def odd_certificate(folder, days=(-1, 1), purpose=ExtendedKeyUsageOID.SERVER_AUTH, passphrase=None):
    """A self-signed certificate and its key, valid from and to so many days from now: the paths of both."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's server")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(),
                                   *(now + datetime.timedelta(days=n) for n in days))
    made = made.add_extension(x509.ExtendedKeyUsage([purpose]), False).sign(key, hashes.SHA256())
    kept = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    (folder / "odd.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "odd.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept))
    (folder / "odd.key").chmod(0o600)
    return folder / "odd.pem", folder / "odd.key"


class Authority:
    """A CA in a file, which signs whatever it is asked to."""

    def __init__(self, folder):
        self.folder, self.file, self.key = folder, folder / "authority.pem", ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])
        self.issued = 0
        own = self._begun(self.name, self.key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
        self.file.write_bytes(own.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _begun(self, subject, key):
        now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
        return x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number(), now - day, now + day)

    def issue(self, names=("localhost",), common="a test's server", rsa_bits=None):
        """A certificate with these alternative names, DNS names or addresses, and its key: the paths of both."""
        key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
        made = self._begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]), key.public_key())
        if names:
            made = made.add_extension(x509.SubjectAlternativeName([general(name) for name in names]), False)
        self.issued += 1
        path = self.folder / f"issued-{self.issued}.pem"
        path.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        path.with_suffix(".key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        path.with_suffix(".key").chmod(0o600)
        return path, path.with_suffix(".key")

    def subject_hash(self):
        """By which OpenSSL finds it in a folder."""
        return subprocess.check_output(["openssl", "x509", "-noout", "-subject_hash", "-in", self.file], text=True).strip()


def general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextlib.contextmanager
def hung_mount(folder):
    """In it whoever looks for a file waits: a filesystem of FUSE whose program never says a word. Skips where none may."""
    from harness import Skip

    libc = ctypes.CDLL(None, use_errno=True)
    try:
        program = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        raise Skip(f"no FUSE here: {error}") from error
    options = f"fd={program},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if libc.mount(b"hangs", os.fsencode(folder), b"fuse", 0, options.encode()) != 0:
        os.close(program)
        raise Skip(f"no FUSE may be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.close(program)  # who waits gets an error
        libc.umount2(os.fsencode(folder), 2)


FOR_CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH
