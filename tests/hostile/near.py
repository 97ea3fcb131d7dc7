# SPDX-License-Identifier: Apache-2.0
"""Importing this makes the modules of tests/e2e and tests/reader importable."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in ("e2e", "reader"):
    sys.path.insert(0, str(HERE.parent / folder))
