"""The plan tree: what one operation selects, in the words of the declarations.

A tree is frozen and knows no values: arguments are slots, numbered in the order of the tree, that
the binder fills for every request.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from gql.engine.fields import UnionSource
from gql.query.resource import Link, Resource

Kind = Literal[
    "boolean",
    "decimal",
    "enum",
    "float",
    "instant",
    "integer",
    "json",
    "number",
    "text",
    "timestamp",
    "word",
]
"""How a column is printed as JSON: see `PRINTERS`."""


@dataclass(frozen=True)
class Constant:
    """JSON text that depends on the document alone."""

    text: str


@dataclass(frozen=True)
class GlobalId:
    """The record's global id."""


@dataclass(frozen=True)
class Column:
    """A label of the record."""

    label: str
    kind: Kind


@dataclass(frozen=True)
class Money:
    """A label of the record that holds micro-units."""

    label: str


@dataclass(frozen=True)
class JsonNumber:
    """A number inside a JSON column of the record."""

    label: str
    key: str


@dataclass(frozen=True)
class AnyId:
    """The global id of a record of any kind: the kind and the id are labels of ours."""

    kind: str
    key: str


@dataclass(frozen=True)
class JsonPath:
    """The value inside a label of the record that the slot points at."""

    slot: int
    label: str


@dataclass(frozen=True)
class Selection:
    """An object: response keys in order, each with what is printed under it."""

    items: tuple[tuple[str, "Item"], ...]


@dataclass(frozen=True)
class Object:
    """A nested object made of the same record."""

    selection: Selection


@dataclass(frozen=True)
class ToOne:
    """The record of `resource` whose `column` is our `key`, or null."""

    resource: Resource
    key: str
    column: str
    selection: Selection
    required: bool


@dataclass(frozen=True)
class Joined:
    """A label of the record of `resource` whose `column` is our `key`; null without one."""

    resource: Resource
    key: str
    column: str
    leaf: Column


@dataclass(frozen=True)
class ToUnion:
    """The newest records under us, each printed as the choice for its kind."""

    fact: UnionSource
    choices: tuple[tuple[str, Resource, Selection], ...]


@dataclass(frozen=True)
class ToFirst:
    """The first record of `resource` under us, or null."""

    resource: Resource
    link: Link
    selection: Selection


@dataclass(frozen=True)
class ToMany:
    """All records of `resource` under us, or those that pass the conditions of the slot."""

    resource: Resource
    link: Link
    order: tuple[str, ...]
    selection: Selection
    slot: int | None = None


@dataclass(frozen=True)
class Count:
    """How many records of `resource` are under us."""

    resource: Resource
    link: Link


@dataclass(frozen=True)
class Nodes:
    """A connection's `nodes`."""

    selection: Selection


@dataclass(frozen=True)
class Edges:
    """A connection's `edges`: `cursor`, `node` and `__typename` under their keys."""

    items: tuple[tuple[str, "Constant | Literal['cursor'] | Selection"], ...]


@dataclass(frozen=True)
class PageInfo:
    """A connection's `pageInfo`: names of its fields, or constants, under their keys."""

    items: tuple[tuple[str, "Constant | str"], ...]


@dataclass(frozen=True)
class Total:
    """A connection's `totalCount`."""


@dataclass(frozen=True)
class Echo:
    """A number that came with the request, said again."""

    name: str


ConnectionItem = Constant | Nodes | Edges | PageInfo | Total | Echo


@dataclass(frozen=True)
class ConnectionPage:
    """A connection; its arguments are those of the slot."""

    slot: int
    resource: Resource
    link: Link | None
    items: tuple[tuple[str, ConnectionItem], ...]


@dataclass(frozen=True)
class ListPage:
    """A page as a plain list; its arguments are those of the slot."""

    slot: int
    resource: Resource
    selection: Selection
    link: Link | None = None

    @property
    def items(self) -> tuple[tuple[str, ConnectionItem], ...]:
        """The connection that it is a part of."""
        return (("", Nodes(self.selection)),)


@dataclass(frozen=True)
class Lookup:
    """A root field: the record that the slot names, or null."""

    slot: int
    resource: Resource
    selection: Selection


@dataclass(frozen=True)
class NodesLookup:
    """A root field: the records that the slot names, each of one of the choices, or null.

    `plural` when it is a list.
    """

    slot: int
    choices: tuple[tuple[Resource, Selection], ...]
    plural: bool


@dataclass(frozen=True)
class ViewerField:
    """What the slot tells of who is asking."""

    slot: int


@dataclass(frozen=True)
class ViewerRecord:
    """The record of who is asking, whose key the slot gives."""

    slot: int
    resource: Resource
    selection: Selection
    required: bool


@dataclass(frozen=True)
class RecordLookup:
    """What is printed of the record whose `column` is the key of the slot; nothing without one.

    Attributes:
        slot: Where the key is.
        resource: Whose record.
        column: By what it is looked up.
        noun: What it is called when it is not there.
        item: What is printed of it.
        version: The label, if any, that comes before that on a line of its own.
    """

    slot: int
    resource: Resource
    column: str
    noun: str
    item: "Item"
    version: str | None = None


Item = (
    Constant
    | GlobalId
    | Column
    | Money
    | JsonNumber
    | AnyId
    | JsonPath
    | Object
    | ToOne
    | Joined
    | ToFirst
    | ToMany
    | Count
    | ConnectionPage
    | ListPage
    | Lookup
    | ToUnion
    | NodesLookup
    | ViewerField
    | ViewerRecord
)


def outline(name: str, node: Any, depth: int = 0) -> Iterator[str]:
    """A plan as an indented tree, for people."""
    facts = {field: value for field, value in vars(node).items() if field not in _NESTED}
    text = ", ".join(f"{field}={_name(value)}" for field, value in facts.items())
    yield f"{'  ' * depth}{name}: {type(node).__name__}({text})"
    selection = getattr(node, "selection", None)
    for key, item in getattr(selection or node, "items", ()):
        if isinstance(item, str):
            yield f"{'  ' * (depth + 1)}{key}: {item}"
        else:
            yield from outline(key, item, depth + 1)
    if isinstance(node, RecordLookup):
        yield from outline("item", node.item, depth + 1)
    for choice in getattr(node, "choices", ()):
        yield from outline(_name(choice[-2]), choice[-1], depth + 1)


_NESTED = {"items", "item", "selection", "choices", "fact"}


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))
