"""The lint finds names that make a reader guess, wherever they are defined."""

import pytest

from tools.lint_names import LEVELS, doubles, riddles

PLANTED = (
    "found = 1",
    "def f(given): pass",
    "def f(*, asked=None): pass",
    "def f(*told, **said): pass",
    "def thing(): pass",
    "async def known(): pass",
    "class Turn: pass",
    "class C:\n    wanted: int",
    "self.place = 1",
    "_ways = []",
    "MADE_EDGES = ()",
    "for found in rows: pass",
    "[way for way in rows]",
    "(memo := 1)",
    "with a as room: pass",
    "lambda fact: fact",
    "for it in rows: pass",
)

ALLOWED = (
    "row = 1",
    "print(found)",
    "f(given=1)",
    "placement = 1",
    "not_found = 1",
    "remembered_ttl: int = 60",
    "def test_what_is_found(): pass",
)


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_riddle_is_found(source: str) -> None:
    assert {finding.path for finding in riddles(source, "planted.py")} == {"planted.py"}


@pytest.mark.parametrize("source", ALLOWED)
def test_plain_names_and_uses_pass(source: str) -> None:
    assert list(riddles(source, "allowed.py")) == []


def test_a_name_of_two_modules_is_found_in_both() -> None:
    modules = {"gql/a.py": "class Sample: pass", "gql/schema/b.py": "def Sample(): pass"}

    assert [str(finding) for finding in doubles(modules)] == [
        "gql/a.py:1: Sample is defined in gql/schema/b.py too",
        "gql/schema/b.py:1: Sample is defined in gql/a.py too",
    ]


def test_a_noun_may_have_one_name_at_every_level() -> None:
    modules = {f"{level}/calls.py": "class Call: pass" for level in LEVELS}

    assert list(doubles(modules)) == []
    twice = {**modules, "gql/schema/other.py": "class Call: pass"}
    assert {finding.path for finding in doubles(twice)} == set(twice)


def test_private_names_and_methods_are_a_modules_own() -> None:
    source = "def _rows(): pass\nclass _Row:\n    def rows(self): pass"

    assert list(doubles({"gql/a.py": source, "gql/b.py": source})) == []
