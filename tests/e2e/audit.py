"""What VAULT_AUDIT makes vaultd_test note of each sealing: hashes of key with IV, and of the ciphertext."""

from collections import Counter


def pairs_differ(audit, at_least):
    """No pair of key and IV sealed two different texts; and there was a sealing for every write."""
    rows = {tuple(line.split()[:2]) for line in audit.read_text().splitlines()}
    seen = Counter(pair for pair, _ in rows)
    assert len(rows) >= at_least, f"{len(rows)} sealings for {at_least} answered puts"
    repeated = [pair for pair, times in seen.items() if times > 1]
    assert not repeated, f"{len(repeated)} pairs repeat"
