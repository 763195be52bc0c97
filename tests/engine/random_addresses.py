"""Random addresses of the REST routes that say what they read: their ids, filters and pages."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from gql.rest.route import RestRoute
from gql.rest.routes import ROUTES
from tests.engine.random_arguments import EDGES, HOSTILE, WORDS

READS: tuple[RestRoute, ...] = tuple(
    route for route in ROUTES if route.reads is not None and route.method == "GET"
)

_WHOLE = ["0", "1", "2", "7", "100", "600", "-1", "2147483647", "2147483648", "9223372036854775807"]
_ODD = [
    "",
    "abc",
    "1.0",
    "1.5",
    " 3 ",
    "0_1",
    "9223372036854775808",
    "1" + "0" * 40,
    "\0",
    "\u0661",
]
_TRUTHS = ["true", "false", "1", "0", "yes", "off", "maybe", ""]
_INSTANTS = [
    *EDGES["DateTime"],
    "2026-01-01",
    "2026-01-01T02:00:00 02:00",
    "0001-01-01T00:00:00+14:00",
    "1760000000",
    "1e20",
    "yesterday",
]
_BY_NAME: dict[str, list[str]] = {
    "skip": ["0", "1", "2", "5", "50", "500", "2147483648", "9223372036854775807", "-1", "x"],
    "limit": ["1", "2", "5", "50", "100", "200", "1000", "1001", "0", ""],
    "min_cost": ["0", "0.05", "0.0000011", "-1", "1e300", "nan", "x"],
    "max_cost": ["0", "0.05", "0.0500009", "-1", "1e300", "inf", "x"],
    "status": ["completed", "ongoing", "failed", "active", "COMPLETED", "nope"],
    "speaker": ["user", "assistant", "system", ""],
    "role": ["user", "assistant", "system", "nobody"],
    "recording_type": ["full", "customer", "log", "nothing"],
    "date_from": _INSTANTS,
    "date_to": _INSTANTS,
    "active_only": _TRUTHS,
    "my_assistants_only": _TRUTHS,
    "include_stats": _TRUTHS,
    "include_interim": _TRUTHS,
}
_LEARNED = frozenset({"id", "call_sid", "assistant_name", "customer_phone_number", "assistant_id"})
_IDS = [str(number) for number in (1, 2, 100, 101, 102, 103, 123, 500, 501, 1001, 1003, 2001)]


@dataclass
class Addresses:
    """Writes addresses, with values of the answers so far.

    Attributes:
        pick: Where every choice comes from.
        seen: Ids and texts of real rows, by key; ids of records stand under their route's path.
    """

    pick: random.Random
    seen: dict[str, list[str]] = field(default_factory=dict)

    def address(self) -> str:
        """The path and query string of a request."""
        route = self.pick.choice(READS)
        path = route.path
        for name in route.models["path"].model_fields if "path" in route.models else ():
            path = path.replace(f"{{{name}}}", quote(self._named(name), safe=""))
        slash = "/" if self.pick.random() < 0.05 else ""
        return path + slash + self._query(route)

    def learn(self, path: str, body: Any) -> None:
        """Keep values of an answer, for later addresses."""
        for name, value in _values(body):
            values = self.seen.setdefault(f"{_noun(path)}_id" if name == "id" else name, [])
            if len(values) < 300:
                values.append(str(value))

    def _query(self, route: RestRoute) -> str:
        model = route.models.get("query")
        names = list(model.model_fields) if model else []
        parameters = [
            (name, self._value(name))
            for name in names
            if self.pick.random() < 2.5 / (len(names) + 1)
        ]
        if parameters and self.pick.random() < 0.05:
            name = parameters[0][0]
            parameters.append((name, self._value(name)))
        if self.pick.random() < 0.05:
            parameters.append((self.pick.choice(["unknown", "q", "format", "';--"]), "1"))
        self.pick.shuffle(parameters)
        return f"?{urlencode(parameters)}" if parameters else ""

    def _value(self, name: str) -> str:
        if name in _BY_NAME and self.pick.random() < 0.95:
            return self.pick.choice(_BY_NAME[name])
        return self._named(name)

    def _named(self, name: str) -> str:
        """An id or a text: mostly one that is there, or a part of it."""
        chance = self.pick.random()
        if chance < 0.1:
            return self.pick.choice(_ODD + HOSTILE)
        key = "customer_phone_number" if name == "customer_phone" else name
        candidates = self.seen.get(key) or (_IDS if name.endswith("_id") else WORDS)
        if chance < 0.2:
            return self.pick.choice(_WHOLE if name.endswith("_id") else WORDS)
        value = self.pick.choice(candidates)
        if name.endswith("_id") or chance < 0.6:
            return value
        start = self.pick.randrange(len(value) + 1)
        return value[start : start + self.pick.choice([1, 2, 3, 8])]


def _noun(path: str) -> str:
    """Whose ids an answer under this path holds, as the parameters of paths call it."""
    if path.endswith(("/messages", "/transcripts", "/recordings")):
        return "message"
    for start, noun in (
        ("/api/v1/calls", "call"),
        ("/api/v1/sms-conversations", "conversation"),
        ("/api/v1/assistants", "assistant"),
    ):
        if path.startswith(start):
            return noun
    return "graph_session" if "/sessions" in path else "graph"


def _values(body: Any) -> Iterator[tuple[str, Any]]:
    """The values worth keeping of an answer, but for those of nested objects."""
    rows = body.get("items", [body]) if isinstance(body, dict) else body
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield from ((name, row[name]) for name in _LEARNED if row.get(name) not in {None, ""})
