"""Random arguments: values of real rows, cursors of real answers, and values at the edge."""

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

HOSTILE = [
    "",
    " ",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "a%b_c\\",
    "';--",
    "$1",
    ":organization_id",
    "{}",
    "\u2028\u2029",
    "\u00e9\u00c9\u0130\u00df",
    "\U0001f600",
    "\x7f\x1b\t\n",
    "null",
    "-",
    "~",
    "1~call~started_at~desc~20250119T100000Z~1",
    "NaN",
    "a" * 300,
]
WORDS = [
    "a",
    "e",
    "o",
    "Sales",
    "CA",
    "1",
    "5",
    "+4",
    "campaign",
    "winter_outreach",
    "hello",
    "5.0",
]
SPOKEN = ["i", "you", "the", "order", "can", "please", '"can i"', "don't", "re*", "\u00e9t\u00e9"]
"""What people say, and how somebody searches for it."""

_WORDS = re.compile(r"[^\W_]+")

EDGES: dict[str, list[Any]] = {
    "Int": [0, 1, 2, 5, 60, 300, -1, 101, 2**31 - 1, -(2**31)],
    "Boolean": [True, False],
    "Float": [0.5, 1.0, -1e300],
    "Decimal": ["0", "0.05", "-1.5", "0.000001", "9223372036854.775807", "1.500000"],
    "DateTime": [
        "2025-01-19T10:00:00Z",
        "2026-05-01T00:00:00.123456+02:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2026-01-01T00:00:00Z",
    ],
}
EVENT_IDS = ["0-0", "1-1", "12-345", "9223372036854775807-2147483647"]
KINDS = """
    assistant graph node edge graph_session transition call sms_conversation message transcript
    organization user api_key audit_entry
"""
DAMAGED = "1~call~started_at~desc~x~1"


class Word(str):
    """A member of an enum, which is written without quotes."""

    __slots__ = ()


def is_required(argument: Any) -> bool:
    """Whether an argument is required."""
    return is_required_argument(argument)


def names_one(spec: GraphQLField) -> bool:
    """Whether exactly one of a field's arguments has to name an object."""
    return "callSid" in spec.args


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def wire(value: Any) -> Any:
    """A value as JSON sends it."""
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [wire(item) for item in value]
    return str(value) if isinstance(value, Word) else value


@dataclass
class Values:
    """Makes values.

    Attributes:
        pick: Where every choice comes from.
        cursors: Those of real answers, by resource, order and direction.
        texts: Texts of real rows.
        noun: Whose ids are wanted; None for those of any object.
        nested: The input types of the objects that are being made, outermost first.
    """

    pick: random.Random
    cursors: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    noun: str | None = None
    nested: list[GraphQLInputObjectType] = field(default_factory=list)

    def learn(self, answer: Any) -> None:
        """Keep the cursors and some texts of an answer."""
        if isinstance(answer, dict):
            for value in answer.values():
                self.learn(value)
        elif isinstance(answer, list):
            for value in answer:
                self.learn(value)
        elif isinstance(answer, str):
            parts = answer.split("~")
            if parts[0] == "1" and len(parts) == 6:
                # A cursor of a search has ids where others have a direction.
                key = (parts[1], parts[2], "" if parts[1] == "search" else parts[3])
                self._keep(self.cursors.setdefault(key, []), answer)
            else:
                self._keep(self.texts, answer[:40])

    def _keep(self, texts: list[str], text: str) -> None:
        if len(texts) < 300:
            texts.append(text)
        else:
            texts[self.pick.randrange(300)] = text

    def arguments(self, spec: GraphQLField, noun: str | None, *, pages: bool) -> dict[str, Any]:
        """Values by argument of a field that reads a noun, in pages or not."""
        self.noun = noun
        names = [
            name
            for name, argument in spec.args.items()
            if is_required_argument(argument) or self.pick.random() < 0.2
        ]
        if names_one(spec) and self.pick.random() < 0.97:
            name = self.pick.choice(list(spec.args))
            return {name: self._present(spec.args[name].type)}
        arguments = {name: self.value(spec.args[name].type) for name in names}
        if noun is None or not pages or self.pick.random() < 0.03:
            return arguments
        return self._page(arguments, noun)

    def _page(self, arguments: dict[str, Any], resource: str) -> dict[str, Any]:
        """Paging arguments that do not contradict each other, nearly always."""
        for name in ("first", "last", "after", "before", "offset"):
            arguments.pop(name, None)
        size = self.pick.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, self.pick.choice([20, 100, None])])
        paging = self.pick.choice(
            ["first", "first", "first", "last", "last", "offset", "cursor", "cursor"]
        )
        if paging in {"first", "offset"} and self.pick.random() < 0.95:
            arguments["first"] = size
        elif paging == "last":
            arguments["last"] = size
        if paging == "offset":
            arguments["offset"] = self.pick.choice([0, 1, 2, 7, 20, 50, 150, 2**31 - 1])
        if paging == "cursor":
            self._bounds(arguments, resource)
        return arguments

    def _bounds(self, arguments: dict[str, Any], resource: str) -> None:
        if self.pick.random() < 0.95:
            arguments[self.pick.choice(["first", "last"])] = self.pick.choice([1, 2, 3, 4])
        if arguments.get("orderBy") is None and (orders := self._orders(resource)):
            arguments["orderBy"] = self.pick.choice(orders)
        fitting = self._fitting(arguments.get("orderBy"), resource)
        for name in self.pick.choice([["after"], ["before"], ["after", "before"]]):
            if self.pick.random() < 0.01:
                arguments[name] = DAMAGED
            elif fitting:
                arguments[name] = self.pick.choice(fitting)

    def _orders(self, resource: str) -> list[dict[str, Word]]:
        """The orders that there are cursors of."""
        return [
            {"field": Word(order.upper()), "direction": Word(direction.upper())}
            for name, order, direction in self.cursors
            if name == resource
        ]

    def _fitting(self, order: Any, resource: str) -> list[str]:
        if order is None:
            return []
        default = "ASC" if order["field"] == "NAME" else "DESC"
        direction = (order.get("direction") or default).lower()
        return self.cursors.get((resource, order["field"].lower(), direction), [])

    def value(self, kind: Any) -> Any:
        """A value of a type; one that may be null sometimes is."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type)
        return None if self.pick.random() < 0.06 else self._present(kind)

    def _present(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type) for _ in range(self.pick.randint(0, 4))]
        if isinstance(kind, GraphQLEnumType):
            return Word(self.pick.choice(sorted(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        return self._scalar(kind.name)

    def _object(self, kind: GraphQLInputObjectType) -> dict[str, Any]:
        self.nested.append(kind)
        try:
            return self._fields(kind)
        finally:
            self.nested.pop()

    def _fields(self, kind: GraphQLInputObjectType) -> dict[str, Any]:
        names = sorted(kind.fields)
        if self.nested.count(kind) > 2:  # filters within filters, which would never end
            names = [name for name in names if get_named_type(kind.fields[name].type) is not kind]
        if kind.is_one_of:
            name = self.pick.choice(names)
            return {name: self._present(kind.fields[name].type)}
        share = 1.3 / max(len(names), 1)
        chosen = [
            name
            for name in names
            if is_required_input_field(kind.fields[name]) or self.pick.random() < share
        ]
        if not chosen and self.pick.random() < 0.98:  # an empty comparator is refused
            chosen = [self.pick.choice(names)]
        return {
            name: self.pick.choice(EVENT_IDS)
            if name == "changedSince"
            else self._member(kind.fields[name].type)
            for name in chosen
        }

    def _member(self, kind: Any) -> Any:
        """A field of an input object, which is seldom null: most such objects are refused."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type)
        return None if self.pick.random() < 0.005 else self._present(kind)

    def _scalar(self, name: str) -> Any:
        if name in EDGES:
            return self.pick.choice(EDGES[name])
        return self._id() if name == "ID" else self._text()

    def _id(self) -> Any:
        number = self.pick.choice([*range(1, 40), 101, 102, 150, 10**6, 2**63 - 1])
        if self.pick.random() < 0.02:
            return self.pick.choice(["call_0", "x_1", "1_", "graph_01", "", "-1"])
        if self.noun is None:
            return f"{self.pick.choice(KINDS.split())}_{number}"
        # The ids in filters are those of other nouns, which would be refused.
        if self.pick.random() < (0.02 if self.nested else 0.3):
            return f"{self.noun}_{number}"
        return number if number < 2**31 and self.pick.random() < 0.5 else str(number)

    def words(self) -> str:
        """What somebody searches texts for: often one word that some text has."""
        pick = self.pick
        words = _WORDS.findall(pick.choice(self.texts)) if self.texts else []
        word = pick.choice(words) if words and pick.random() < 0.7 else pick.choice(SPOKEN)
        if pick.random() < 0.3:
            word = f"{word[:3]}*"
        if pick.random() < 0.2:
            word = f"{word} {pick.choice(SPOKEN)}"
        return self._any_text() if pick.random() < 0.05 else word

    def _text(self) -> str:
        is_of_words = self.nested and self.nested[-1].name == "SaidFilter"
        return self.words() if is_of_words else self._any_text()

    def _any_text(self) -> str:
        if self.texts and self.pick.random() < 0.5:
            text = self.pick.choice(self.texts)
            start = self.pick.randrange(len(text) + 1)
            return text if self.pick.random() < 0.5 else text[start : start + 3]
        return self.pick.choice(HOSTILE if self.pick.random() < 0.5 else WORDS)
