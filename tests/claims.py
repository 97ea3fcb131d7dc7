#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/CLAIMS.md: each claim of SECURITY.md and each attack of tests/attacks.txt with its tests, as the tests name them,
and with the mutants for which these must turn red. `claims.py --check` writes nothing; it fails where the file is another one,
where a claim or row has no test, where a test names none that there is, and where a mutant names no test.

It runs nothing and reads the sources: `TEST_CASE("…", "[claim.1][row.A03]")`, `@test(proves="1 A03")`, `@proves("1")` of a
unittest, the rows of a `@lie`; and for all tests of a script or of a unittest's class `CLAIMS = "1 A03"`, of a folder the line
`# claims: A03` of its CMakeLists.txt.
"""

import ast
import fnmatch
import re
import shlex
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent
TREE = TESTS.parent
INDEX = TESTS / "CLAIMS.md"
ID = r"[A-Z]\d\d"
CASE = re.compile(r'\bTEST_CASE\(\s*"((?:[^"\\]|\\.)*)"(?:\s*,\s*"([^"]*)")?\s*\)')


@dataclass
class Test:
    """A test, a class of tests, or with an empty name all of a file or folder."""

    place: str
    name: str
    ids: set
    about: str = ""
    mutants: list = field(default_factory=list)


@dataclass
class Row:
    id: str
    claims: list
    what: str
    published: str


@dataclass
class Mutant:
    name: str
    without: str
    check: list


def claims_of_security():
    return dict(re.findall(r"^\*\*(\d)\. ((?:[^*]|\n)+)\*\*", (TREE / "SECURITY.md").read_text(), re.M))


def rows_of_attacks():
    """[(heading, [Row])]"""
    groups = []
    for line in (TESTS / "attacks.txt").read_text().splitlines():
        if line.startswith("## "):
            groups.append((line[3:], []))
        elif line and line[0] not in "#>":
            name, claims, what, published = (part.strip() for part in line.split(" | "))
            groups[-1][1].append(Row(name, claims.split(), what, published))
    return groups


def first_words():
    """The prose of attacks.txt, wrapped."""
    text = "\n".join(re.findall(r"^> ?(.*)$", (TESTS / "attacks.txt").read_text(), re.M))
    return [line for part in text.split("\n\n") for line in [*textwrap.wrap(part, 120, break_on_hyphens=False), ""]]


def word_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def ids_of_decorator(node):
    """The ids that a decorator names, or None if it makes no test."""
    call = node.func if isinstance(node, ast.Call) else node
    name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
    if name.startswith("lie"):
        return set(word_of(node.args[0]).split())
    if name == "proves":
        return set(word_of(node.args[0]).split())
    if name == "test":
        words = [word_of(k.value) for k in getattr(node, "keywords", []) if k.arg == "proves"]
        return set(" ".join(words).split())
    return None


def claims_of_body(body):
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CLAIMS":
            return set(word_of(node.value).split())
    return set()


def tests_of_script(path, place):
    tree = ast.parse(path.read_text())
    body = tree.body
    about = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
    yield Test(place, "", claims_of_body(body), about)
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield Test(place, f"class {node.name}", claims_of_body(node.body))
        functions = node.body if isinstance(node, ast.ClassDef) else [node]
        for one in (f for f in functions if isinstance(f, ast.FunctionDef)):
            named = [ids for ids in map(ids_of_decorator, one.decorator_list) if ids is not None]
            if named or one.name.startswith("test_"):
                yield Test(place, one.name, set().union(*named))


def tests_of_source(path, place):
    text = path.read_text(errors="replace")
    yield Test(place, "", set())
    for name, tags in CASE.findall(text):
        yield Test(place, re.sub(r"\\(.)", r"\1", name), set(re.findall(r"\[(?:claim|row)\.(\w+)\]", tags)))


def tests_of_folder(path, place):
    for words in re.findall(r"^# claims: (.*)$", path.read_text(), re.M):
        yield Test(str(Path(place).parent) + "/", "", set(words.split()))


def all_tests():
    """Every test of the tree, named or not."""
    readers = {"*.py": tests_of_script, "*_test.cpp": tests_of_source, "CMakeLists.txt": tests_of_folder}
    for pattern, read in readers.items():
        for path in sorted(TESTS.rglob(pattern)):
            yield from read(path, str(path.relative_to(TESTS)))


def all_mutants():
    for file in sorted((TESTS / "mutants").glob("*.patch")):
        top = re.split(r"\n(?:diff|---) ", file.read_text(errors="replace"))[0]
        head = dict(re.findall(r"^(red|without): (.*)$", top, re.M))
        yield Mutant(file.stem, head.get("without", file.stem.replace("_", " ")), shlex.split(head["red"]))


def meets(mutant, test):
    """Whether the mutant's check runs this test; of a script that makes its tests in a loop, the script stands for them."""
    program, *words = mutant.check
    if program.endswith(".py"):
        return "tests/" + test.place == program and all(word in test.name for word in words)
    folder = "crypto" if program == "crypto_release" else program.removeprefix("test_")
    patterns = [name.strip() for name in " ".join(words).split(",")] if words else ["*"]
    return test.name and Path(test.place).parts[0] == folder and test.place.endswith(".cpp") and any(
        fnmatch.fnmatchcase(test.name.lower(), re.sub(r"([\[\]?])", "[\\1]", p.lower())) for p in patterns)


def give_mutants(tests, mutants):
    """Gives each test the mutants that it must notice. Those that name no test are returned."""
    lost = []
    for mutant in mutants:
        met = [test for test in tests if meets(mutant, test)]
        for test in met:
            test.mutants.append(mutant.name)
        script = [test for test in tests if "tests/" + test.place == mutant.check[0] and not test.name]
        if not met and script and makes_tests(TREE / mutant.check[0]):
            script[0].mutants.append(mutant.name)
        elif not met:
            lost.append(mutant)
    return lost


def makes_tests(path):
    return re.search(r"__name__ = (?!\"__main__)|add_rows\(", path.read_text()) is not None


def line_of(test, mutants):
    name = f"`{test.name}`" if test.name else f"all of it. {test.about}" if test.about else "all of it"
    notice = ", ".join(f"`{mutant}`" for mutant in sorted(mutants))
    return f"- {test.place}: {name}" + (f" (mutants: {notice})" if notice else "")


def lines_of(ids, tests):
    """A line for each test that names one of the ids; where all of a script does, one for the script."""
    whole = {test.place for test in tests if not test.name and test.ids & ids}
    for test in sorted(tests, key=lambda t: (t.place, t.name)):
        if test.ids & ids and (test.place not in whole or not test.name):
            among = [test] if test.name else [other for other in tests if other.place == test.place]
            yield from wrapped(line_of(test, {mutant for one in among for mutant in one.mutants}), not test.name)


def wrapped(line, prose):
    """A line of a list, in lines of 120 where it is prose: the name of a test stays whole."""
    return textwrap.wrap(line, 120, subsequent_indent="  " * line.startswith("- "), break_on_hyphens=False) if prose else [line]


def index(claims, groups, tests, mutants):
    rows = [row for _, some in groups for row in some]
    out = ["# Claims, attacks, and the tests that stand for them", "",
           "Written by `tests/claims.py` from the tests; do not edit it. Paths are below `tests/`. A *mutant* is a patch in",
           "`tests/mutants` that takes a defence away, and the test must turn red by it: `./run mutants NAME`.", "",
           *first_words()]
    for number, sentence in sorted(claims.items()):
        out += [f"## Claim {number}", "", " ".join(sentence.split()), "", *lines_of({number}, tests)]
        belong = [row.id for row in rows if number in row.claims]
        out += wrapped(f"- and the rows {', '.join(belong)}", True) if belong else []
        out += [""]
    for heading, some in groups:
        out += [f"## {heading}", ""]
        for row in some:
            of = f"; claims {', '.join(row.claims)}" if row.claims else ""
            out += [*wrapped(f"**{row.id}** {row.what} ({row.published}{of})", True), "", *lines_of({row.id}, tests), ""]
    out += ["## Mutants", "", "| mutant | without | red |", "|---|---|---|"]
    out += [f"| `{m.name}` | {m.without} | {' '.join(m.check)} |".replace("*", r"\*") for m in mutants]
    return "\n".join(out) + "\n"


def faults(claims, groups, tests, lost):
    known = set(claims) | {row.id for _, rows in groups for row in rows}
    named = set().union(*(test.ids for test in tests))
    for one in sorted(known - named):
        yield f"{one} has no test"
    for test in tests:
        for one in sorted(test.ids - known):
            yield f"{test.place}: {test.name} names {one}, which is neither a claim nor a row"
    for row in (row for _, rows in groups for row in rows):
        for one in sorted(set(row.claims) - set(claims)):
            yield f"the row {row.id} belongs to claim {one}, which there is not"
    for one in sorted(set(re.findall(rf"\b{ID}\b", (TREE / "SECURITY.md").read_text())) - known):
        yield f"SECURITY.md names {one}, which is no row"
    for mutant in lost:
        yield f"the mutant {mutant.name} names no test: {' '.join(mutant.check)}"


def main():
    check = sys.argv[1:] == ["--check"]
    claims, groups, tests, mutants = claims_of_security(), rows_of_attacks(), list(all_tests()), list(all_mutants())
    wrong = list(faults(claims, groups, tests, give_mutants(tests, mutants)))
    text = index(claims, groups, tests, mutants)
    if not check:
        INDEX.write_text(text)
    elif not INDEX.exists() or INDEX.read_text() != text:
        wrong.append("tests/CLAIMS.md is not what the tests say: run tests/claims.py")
    if len(claims) != 9:
        wrong.append(f"SECURITY.md has {len(claims)} claims, not 9")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
