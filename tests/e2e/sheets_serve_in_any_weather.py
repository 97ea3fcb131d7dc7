#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A recovery sheet is made, and used: in every weather."""

import near  # noqa: F401
from flows import PrintASheet, Recover
from harness import main
from matrix import add_rows

CLAIMS = "6 C01"

add_rows(PrintASheet)
add_rows(Recover)


if __name__ == "__main__":
    main()
