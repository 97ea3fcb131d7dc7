"""Certificates made while a test runs, as good or as bad as it wants them."""

import datetime
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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


FOR_CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH
