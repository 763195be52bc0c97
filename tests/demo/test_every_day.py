"""The demo of `make serve` is worth a look on whatever day it is made.

The clock stands at the end of a leap day and at the first second of a year: what is generated ends
there, and the documented examples keep their dates.
"""

import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from gql.app import create_app
from gql.database import Database
from gql.demo import load_demo
from gql.migrations.runner import migrate
from gql.models import types
from tests.conftest import bearer, connect
from tests.databases import Databases, Kind, settings_for
from tests.lifespan import running
from tests.live import ROOT
from tests.playground_examples import ANSWERED

DAYS = (datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
GUIDE = (ROOT / "docs" / "moving-over.md").read_text()
ROWS = re.findall(r"^\| `([A-Z]+) /[^`]*` \| (.*) \|$", GUIDE, re.MULTILINE)
QUERIES = [text for _, row in ROWS for text in re.findall(r"`(\{[^`]*)`", row)]
STORY = """{ graph(id: 1) { sessions(filter: {isActive: false}) { nodes { callSid
    transitions { nodes { triggeredBy } } call { databaseId duration cost { total currency }
    graph { name } messages { totalCount } transcript { totalCount } } } } } }"""
CALL_101 = """{ call(by: {id: 101}) { startedAt graphName graph { name } cost { total }
    session { currentNode { assistant { name } } transitions { totalCount } }
    messages(filter: {role: {eq: USER}}) { nodes { content } } transcript { totalCount } } }"""


@dataclass(frozen=True)
class Demo:
    """A demo that was made on a day, and a client of its first organization on that day."""

    day: datetime
    client: httpx2.AsyncClient

    async def query(self, query: str, variables: Any = None) -> Any:
        """The answer to a document, which has no errors."""
        body = {"query": query, "variables": variables}
        answer = (await self.client.post("/graphql", json=body)).json()
        assert list(answer) == ["data"], (query, answer)
        return answer["data"]


@pytest.fixture(scope="module", params=DAYS, ids=["leap day", "new year"])
async def demo(
    request: pytest.FixtureRequest, databases: Databases, kind: Kind
) -> AsyncIterator[Demo]:
    """The demo of a day, whose clock stands still."""
    day: datetime = request.param
    url = await databases.empty(kind)
    database = Database(settings_for(url))
    await migrate(database.engine)
    organizations = await load_demo(database, now=day)
    await database.close()
    app = create_app(settings_for(url))
    with pytest.MonkeyPatch.context() as patch:
        clock = types.now  # which the module that declares it loses, too
        for module in list(sys.modules.values()):
            if vars(module).get("now") is clock:
                patch.setattr(module, "now", lambda: day)
        async with running(app), connect(app) as client:
            client.headers.update(bearer(organizations[0]))
            yield Demo(day, client)
    await databases.drop(url)


async def test_every_period_has_figures(demo: Demo) -> None:
    for period in ("1d", "7d", "30d", "90d"):
        figures = (await demo.client.get(f"/api/v1/calls/analytics?period={period}")).json()
        costs = (await demo.client.get(f"/api/costs/analytics?period={period}")).json()

        assert figures["completed_calls"] >= 7
        assert figures["ongoing_calls"] >= 12
        assert figures["daily_stats"] != {}
        assert costs["total_calls"] >= 7, costs


async def test_the_newest_calls_have_ended_and_have_costs(demo: Demo) -> None:
    newest = await demo.query("{ calls(first: 7) { nodes { startedAt status cost { total } } } }")

    for call in newest["calls"]["nodes"]:
        started = datetime.fromisoformat(call["startedAt"])
        assert timedelta(0) < demo.day - started < timedelta(minutes=5)
        assert call["status"] == "COMPLETED"
        assert float(call["cost"]["total"]) > 0


async def test_the_story_of_graph_1_goes_from_session_to_cost(demo: Demo) -> None:
    assert await demo.query(STORY) == {
        "graph": {
            "sessions": {
                "nodes": [
                    {
                        "callSid": "CA0987654321fedcba",
                        "transitions": {"nodes": [{"triggeredBy": "I need help with a problem"}]},
                        "call": {
                            "databaseId": 103,
                            "duration": 900,
                            "cost": {"total": "0.287000", "currency": "USD"},
                            "graph": {"name": "Customer Service Router"},
                            "messages": {"totalCount": 8},
                            "transcript": {"totalCount": 7},
                        },
                    }
                ]
            }
        }
    }


async def test_the_documented_call_has_all_that_a_call_may_have(demo: Demo) -> None:
    assert await demo.query(CALL_101) == {
        "call": {
            "startedAt": "2024-01-15T10:00:00Z",
            "graphName": "Customer Support Flow",
            "graph": {"name": "Customer Support Flow"},
            "cost": {"total": "0.050000"},
            "session": {
                "currentNode": {"assistant": {"name": "Support Agent"}},
                "transitions": {"totalCount": 1},
            },
            "messages": {
                "nodes": [
                    {"content": "My router shows a red light, and I have no internet."},
                    {"content": "The light is green now. Thank you!"},
                    {"content": "No, that was all."},
                ]
            },
            "transcript": {"totalCount": 7},
        }
    }


async def test_an_sms_session_is_live(demo: Demo) -> None:
    live = await demo.query("{ smsSessions { activeSessions } }")

    assert live == {"smsSessions": {"activeSessions": 1}}


async def test_every_query_of_the_guide_answers_something(demo: Demo) -> None:
    assert len(QUERIES) > 20
    for query in QUERIES:
        assert _says_something(await demo.query(query)), query


@pytest.mark.parametrize("name", ANSWERED)
async def test_every_example_of_the_playground_answers_something(demo: Demo, name: str) -> None:
    assert _says_something(await demo.query(*ANSWERED[name]))


async def test_every_mutation_of_the_guide_does_something(demo: Demo) -> None:
    """Those that delete come after those that need what is deleted; the key goes last."""
    mutations = [
        ("revokeApiKey" in text, verb == "DELETE", -number, text)
        for number, (verb, row) in enumerate(ROWS)
        for text in re.findall(r"`(mutation [^`]*)`", row)
    ]
    assert len(mutations) > 10
    for *_, mutation in sorted(mutations):
        [payload] = (await demo.query(mutation)).values()
        assert payload.pop("userErrors") == [], mutation


def _says_something(value: Any) -> bool:
    """Whether no list is empty, and every object has a value that is neither null nor 0."""
    if isinstance(value, list):
        return any(map(_says_something, value))
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if name != "userErrors"}
        below = [each for each in value.values() if isinstance(each, (dict, list))]
        plain = [each for each in value.values() if not isinstance(each, (dict, list))]
        return all(map(_says_something, below)) and (not plain or any(plain) or bool(below))
    return value is not None
