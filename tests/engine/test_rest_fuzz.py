"""A REST read answers what its rows say, whatever is read."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from gql.database import RequestDatabase
from gql.engine.data_version import VersionedStatement
from gql.engine.query_runner import BoundQuery, QueryRunner, ReadAnswer
from gql.query.context import Context
from tests.databases import Copy
from tests.engine.fuzz import differences
from tests.engine.rest_fuzz import fuzz
from tests.engine.seeds import seeds

ADDRESSES = 75
"""Per database and seed. `python -m tests.engine.rest_fuzz 20000` asks more."""

FIXED = 20261125


@pytest.mark.parametrize("seed", seeds(FIXED))
async def test_a_read_answers_what_python_makes_of_the_rows(fresh: Copy, seed: int) -> None:
    report = await fuzz(fresh, ADDRESSES, seed)
    print(f"seed {seed}: {report}")  # noqa: T201, to run it again with

    for address, expected, actual in report.different:
        where = "\n".join(differences(expected.body, actual.body))
        pytest.fail(f"seed {seed}: {address}\n{expected}\n{actual}\n{where}")
    assert report.failed == 0
    assert report.beside_a_writer > 0
    assert report.succeeded > ADDRESSES / (3 if seed == FIXED else 10)  # else it tries nothing


_answer = QueryRunner.answer

Read = tuple[QueryRunner, Context, RequestDatabase, BoundQuery, VersionedStatement | None]


async def _version_after_the_rows(*read: *Read) -> ReadAnswer:
    queries, context, database, bound, versioned = read
    body = (await _answer(queries, context, database, bound, None)).body
    version = versioned and await queries.current_version(context, database, versioned)
    return ReadAnswer(body, version)


async def _page_in_two_parts(*read: *Read) -> ReadAnswer:
    one, other = await _answer(*read), await _answer(*read)
    rows, others = orjson.loads(one.body), orjson.loads(other.body)
    if one.body == other.body or not isinstance(rows, list):
        return one
    return ReadAnswer(orjson.dumps(rows[:1] + others[1:]), other.version)


def _cached_for_ever() -> Callable[..., Any]:
    answers: dict[Any, ReadAnswer] = {}

    async def answer(*read: *Read) -> ReadAnswer:
        statement = read[3].statement
        key = (read[0], statement.statement.sql, repr(statement.values))
        if key not in answers:
            answers[key] = await _answer(*read)
        return answers[key]

    return answer


MUTANTS: dict[str, Callable[..., Any]] = {
    "the version is read after the rows": _version_after_the_rows,
    "a page is read in two parts": _page_in_two_parts,
    "an answer is cached for ever": _cached_for_ever(),
}
"""By what each gets wrong: an `answer` of `QueryRunner`."""


@pytest.mark.parametrize("name", MUTANTS)
async def test_a_wrong_rule_is_caught_beside_a_writer(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(QueryRunner, "answer", MUTANTS[name])

    report = await fuzz(fresh, ADDRESSES // 2, FIXED)

    assert report.different
    assert report.failed == 0
