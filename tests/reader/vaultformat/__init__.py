# SPDX-License-Identifier: Apache-2.0
"""The format of crypto/FORMAT.md, written from that page alone: one module for each of its parts."""
