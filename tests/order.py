#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where code other than base/order.hpp puts the elements of text in order: a char is signed on most machines, and
then 0x80 is less than 'a'. Strings as wholes may be compared, for their traits compare bytes, and so may a char with a
literal. Usage: order.py TREE. It reads lines and knows no types: write numbers that it takes for text in another way."""

import re
import sys
from pathlib import Path

FOLDERS = ["base", "wire", "http", "crypto", "store", "ipc", "daemon", "ctl", "server"]
THE_ONE = "base/order.hpp"

ELEMENT = r"(?:[\w.>-]*\w(?:\[[^\]]*\]|(?:\.|->)(?:front|back|at)\([^()]*\))|\*\w+(?:\+\+|--)?)"
ORDERS = r"\s*(?:<=>|<=(?!>)|>=|(?<!<)<(?![<=])|(?<![->])>(?![>=]))\s*"
LITERAL = r"(?:''|\"\"|0x|\d)"
WRONG = [re.compile(text) for text in (
    ELEMENT + ORDERS + ELEMENT,
    ELEMENT + r" - " + ELEMENT,
    r"\b(?:lexicographical_compare\w*|w?mem[n]?cmp|str(?:n|case|ncase)?cmp|strcoll|char_traits)\b",
    r"\b(?:less|greater|less_equal|greater_equal)<(?:const )?char>",
    r"\b(?:set|map|priority_queue|pair)<(?:const )?(?:std::)?(?:vector|array|deque|span)<(?:const )?char\b",
)]
QUOTED = r'R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''


def code_of(text):
    """The text without comments and without what stands in quotes, line for line."""
    def kept(found):
        return {"'": "''", "/": ""}.get(found[0][0], '""') + "\n" * found[0].count("\n")
    return re.sub(rf"{QUOTED}|//[^\n]*|/\*(?:.|\n)*?\*/", kept, text)


def patterns_for(code):
    """What is wrong anywhere, and variables of type char on either side, but not beside a literal."""
    yield from WRONG
    for name in set(re.findall(r"(?<![\w:<])char&? (\w+)(?=\s*[;:=,){])", code)):
        yield re.compile(rf"(?<![\w.>]){name}{ORDERS}(?!\s|{LITERAL})")
        yield re.compile(rf"[\w\])]{ORDERS}{name}\b")


def wrong_lines(text):
    code = code_of(text)
    patterns = list(patterns_for(code))
    return [number for number, line in enumerate(code.splitlines(), 1) if any(p.search(line) for p in patterns)]


CAUGHT = ["if (rest[common] > wanted[common]) break;", "return *a < *b;", "return a.front() <= b.back();", "int d = a[i] - b[i];",
          "std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end())", "std::set<std::vector<char>> names;",
          "auto f = [](char x, char y) { return x < y; };", "for (char c : text) most = std::max(most, c > last ? 1 : 0);",
          "std::sort(text.begin(), text.end(), std::less<char>{});", "return a[i] <=> b[i];", "while (*p++ >= *q++) {"]
PASSED = ["if (a < b) return;", "auto f = [](char c) { return c >= 'A' && c <= 'Z'; };", "// a[i] < b[i]", 'say("a[i] < b[i]");',
          "std::vector<std::array<char, 4>> all;", "out << text[i] << text[j];", "const char* a = b[0];", "x->y[1] == z[2]",
          "std::set<std::string, std::less<>> names;", "static_cast<std::size_t>(a[i])"]


def main():
    tree, wrong, read = Path(sys.argv[1]), 0, 0
    blind = [line for line in CAUGHT if not wrong_lines(line)] + [line for line in PASSED if wrong_lines(line)]
    for path in sorted(p for folder in FOLDERS for p in (tree / folder).rglob("*.[ch]pp")):
        text, name, read = path.read_text(), str(path.relative_to(tree)), read + 1
        for number in wrong_lines(text) if name != THE_ONE else []:
            print(f"{name}:{number}: {text.splitlines()[number - 1].strip()}")
            wrong += 1
    if blind or wrong or read < 100:
        sys.exit(f"{wrong} lines put characters in order, {read} files read; of its own examples it is wrong about {blind}")


if __name__ == "__main__":
    main()
