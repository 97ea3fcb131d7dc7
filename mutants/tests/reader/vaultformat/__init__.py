"""The format of crypto/FORMAT.md, written from that page alone: one module for each of its parts."""
