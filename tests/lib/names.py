# SPDX-License-Identifier: Apache-2.0
"""Names as people give them, in many scripts: what orders, searches or cuts text has them all to deal with."""

WORDS = (
    "zoo", "é", "z", "e\u0301", "Äpfel", "ящик", "Ёлка", "日記", "한글", "さくら", "ελιά", "מפתח", "رسالة", "हिन्दी", "ไทย",
    "😀", "👩\u200d🚀", "𝒜", "ÿ", "ß", "Ω", "a", "\u00a0", "\uffee",
)


def like_peoples(number, folder=""):
    """The name with that number, another one for each; its first bytes are on both sides of 0x80 by turns."""
    return f"{folder}{WORDS[number % len(WORDS)]} {number // len(WORDS):02}"


def several(count, folder=""):
    return [like_peoples(number, folder) for number in range(count)]
