# SPDX-License-Identifier: Apache-2.0
"""Importing this makes the modules of tests/lib and tests/reader importable. Each folder of scripts has the same file."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "reader")]
