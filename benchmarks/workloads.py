"""The requests: what frontends read most, each with the values it varies over."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks import postgraphile
from benchmarks.population import Population

Dialect = str
"""`jackfield`, `postgraphile` or `rest`: which words a server understands."""


class Novelty(StrEnum):
    """What of a request the server has not seen before."""

    VALUES = "new values"
    NOTHING = "repeated requests"
    DOCUMENT = "new documents"


SERIAL = "0000000000000000"
"""Where the number of a request goes, of which no two sent are the same: a client fills it in."""

_REPEATED = "repeated"
"""In place of that number, in requests that are sent again and again."""

REQUESTS = {Novelty.VALUES: 4_000, Novelty.NOTHING: 200, Novelty.DOCUMENT: 200}
"""Different requests of one workload; every server gets the same ones in the same order."""

_OPERATION_NAME = re.compile(r"query \w+")

_NODES = "nodes { id nodeType position { x y } assistant { id name } }"
_EDGES = "edges { id conditionType priority from { id } to { id } }"


def numbered(request: bytes, number: int) -> bytes:
    """A request with its number, which no other has."""
    return request.replace(SERIAL.encode(), b"%016d" % number)


@dataclass(frozen=True)
class Workload:
    """One kind of request.

    Attributes:
        name: Short.
        title: What it is, for people.
        documents: By dialect: a GraphQL document, or a path with `{names}` in it.
        variables: Makes one request's values.
    """

    name: str
    title: str
    documents: dict[Dialect, str]
    variables: Callable[[Population, random.Random], dict[str, Any]]

    def requests(self, dialect: Dialect, population: Population, novelty: Novelty) -> list[bytes]:
        """Bodies to post, or paths to get: the same values for every dialect.

        Where they are new, they hold `SERIAL`: as the variable or parameter `serial`, which most
        documents do not declare and servers then have to ignore. A document does declare it whose
        answer Jackfield would give again from memory, for equal values. New documents hold it in
        the name of their operation, too.
        """
        dice, document = random.Random(self.name), self.documents[dialect]  # noqa: S311
        values_of_all = [self.variables(population, dice) for _ in range(REQUESTS[novelty])]
        if dialect == "rest":
            unknown = "" if novelty is Novelty.NOTHING else f"&serial={SERIAL}"
            return [f"{document.format(**values)}{unknown}".encode() for values in values_of_all]
        if dialect == "postgraphile":
            values_of_all = [postgraphile.variables(values, document) for values in values_of_all]
        serial = _REPEATED if novelty is Novelty.NOTHING else SERIAL
        values_of_all = [{**values, "serial": serial} for values in values_of_all]
        if novelty is Novelty.DOCUMENT:
            document = _OPERATION_NAME.sub(rf"\g<0>_{SERIAL}", document, count=1)
        return [json.dumps({"query": document, "variables": one}).encode() for one in values_of_all]


W1 = Workload(
    "W1",
    "one nested graph",
    {
        "jackfield": f"""query W1($id: ID!) {{ graph(id: $id) {{ name {_NODES} {_EDGES}
  sessions(first: 10) {{ nodes {{ callSid isActive currentNode {{ id }} }} }} }} }}""",
        "postgraphile": postgraphile.W1,
    },
    lambda population, dice: {"id": dice.choice(population.graphs)},
)

W2 = Workload(
    "W2",
    "50 graphs with nodes, edges and sessions",
    {
        "jackfield": f"""query W2($offset: Int!, $serial: String!) {{
  graphs(first: 50, offset: $offset, filter: {{name: {{ne: $serial}}}}) {{ nodes {{
    id name isActive {_NODES} {_EDGES}
    sessions(first: 5) {{ nodes {{ id callSid isActive currentNode {{ id }} }} }} }} }} }}""",
        "postgraphile": postgraphile.W2,
    },
    lambda population, dice: {"offset": dice.randrange(max(1, len(population.graphs) - 50))},
)

W3 = Workload(
    "W3",
    "100 filtered calls with cost, assistant and totalCount",
    {
        "jackfield": """query W3($status: CallStatus!, $assistantId: ID!) {
  calls(first: 100, filter: {status: {eq: $status}, assistantId: {eq: $assistantId}}) {
    totalCount nodes { id callSid status duration startedAt
      cost { total llm tts stt telephony currency } assistant { id name } } } }""",
        "postgraphile": postgraphile.W3,
    },
    lambda population, dice: {
        "status": "COMPLETED",
        "assistantId": dice.choice(population.assistants),
    },
)

W4 = Workload(
    "W4",
    "50 SMS conversations with their last 20 messages",
    {
        "jackfield": """query W4($offset: Int!) { smsConversations(first: 50, offset: $offset) {
  nodes { id status customerPhoneNumber messageCount lastActivity
    messages(last: 20) { nodes { id role content timestamp messageIndex } } } } }""",
        "postgraphile": postgraphile.W4,
    },
    lambda population, dice: {
        "offset": dice.randrange(max(1, min(population.threads, 1_000) - 50))
    },
)

TYPENAME = Workload(
    "typename",
    "`{__typename}`",
    {"jackfield": "query T { __typename }", "postgraphile": "query T { __typename }"},
    lambda _population, _dice: {},
)

CALL = Workload(
    "call",
    "one call by id",
    {
        "jackfield": """query C($id: ID!) { call(id: $id) {
  id callSid status duration cost { total } } }""",
        "postgraphile": postgraphile.CALL,
    },
    lambda population, dice: {"id": dice.choice(population.calls)},
)

REST = Workload(
    "rest",
    "REST: a page of 100 filtered calls",
    {"rest": "/api/v1/calls?skip=0&limit=100&status=completed&assistant_id={assistant}"},
    lambda population, dice: {"assistant": dice.choice(population.assistants)},
)

WORKLOADS: Sequence[Workload] = (W1, W2, W3, W4, TYPENAME, CALL, REST)
"""In the order they run; the first ones are those that the goals are about."""

NESTED = (W1, W2, W3, W4)
"""Those that the goals compare with every other server."""
