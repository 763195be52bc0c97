"""Random queries over a whole schema: every field, argument, directive and kind of fragment.

A document is made of values first and text second, so that any value can go out as a literal or as
a variable. Response keys of fields with arguments are numbered: whatever is merged may be merged.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from gql.engine.fields import (
    SOURCE,
    ConnectionSource,
    CostReportSource,
    CostSummarySource,
    SearchSource,
)
from tests.engine.random_arguments import Values, is_required, literal, names_one, wire
from tests.engine.random_costs import cost_arguments, summary_arguments
from tests.engine.random_json import pointer
from tests.engine.random_searches import search_arguments

MOST_FIELDS = (2, 3, 3, 5)
"""Most fields of a selection; each document has one of these."""

BY_RESOLVERS = frozenset(
    [
        "smsSessions",
        "findings",
        "simulateGraph",
        "replayGraph",
        "reconcile",
        "budgetStatus",
        "diffGraphVersions",
        "asOf",
        "analytics",
        "diagram",
        "path",
    ]
)
"""Fields that no plan knows; a document with one of them compares nothing."""

IN_MOTION = frozenset(["lastEventId"])
"""Fields that another task changes between two answers: it numbers events some time after their
commit."""

DEFINITION = "strawberry-definition"


@dataclass(frozen=True)
class Document:
    """A request: its text and its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class Writer:
    """Writes one document.

    Attributes:
        schema: Whose fields and arguments are drawn.
        pick: Where every choice comes from.
        values: Makes arguments.
    """

    schema: GraphQLSchema
    pick: random.Random
    values: Values
    declared: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    keys: int = 0
    most: int = 0

    def document(self) -> Document:
        """A query of a few root fields."""
        root = self.schema.query_type
        self.most = self.pick.choice(MOST_FIELDS)
        body = self.selections(root, self.pick.choice([1, 2, 2, 3, 3, 4, 5]), most=2)
        declared = ", ".join(self.declared.values())
        start = (
            f"query Q({declared}) " if declared else self.pick.choice(["query ", "", "query Q "])
        )
        parts = [start + body, *self.fragments]
        self.pick.shuffle(parts)
        return Document(" ".join(parts), self.variables)

    def selections(self, parent: Any, depth: int, *, most: int | None = None) -> str:
        """A selection set of an object type or an interface."""
        parts = [
            self.selection(parent, depth) for _ in range(self.pick.randint(1, most or self.most))
        ]
        if self.chance(0.15):
            parts.append(f"{self.alias()}__typename{self.directive()}")
        return "{ " + " ".join(parts) + " }"

    def selection(self, parent: Any, depth: int) -> str:
        """A field, or a fragment around some."""
        if depth > 0 and self.chance(0.12):
            return self.inline(parent, depth)
        if depth > 0 and self.chance(0.08):
            return self.spread(parent, depth)
        return self.any_field(parent, depth)

    def inline(self, parent: Any, depth: int) -> str:
        """An inline fragment, on a type that may be or on none."""
        on = self.condition(parent)
        body = self.selections(on or parent, depth, most=3)
        condition = f" on {on.name}" if on else ""
        return f"...{condition}{self.directive()} {body}"

    def spread(self, parent: Any, depth: int) -> str:
        """A named fragment, spread here and sometimes twice."""
        on = self.condition(parent) or parent
        body = self.selections(on, depth, most=3)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on.name} {body}")
        twice = f" ...{name}" if self.chance(0.2) else ""
        return f"...{name}{self.directive()}{twice}"

    def condition(self, parent: Any) -> Any:
        """A type condition that the parent's type may meet."""
        kinds = [None, parent, *getattr(parent, "interfaces", ())]
        if isinstance(parent, GraphQLInterfaceType):
            kinds += [*self.schema.get_possible_types(parent)] * 3
        return self.pick.choice(kinds)

    def any_field(self, parent: Any, depth: int) -> str:
        """A field with arguments, directives and what is selected in it, sometimes said twice."""
        names = [
            name
            for name, spec in parent.fields.items()
            if name not in IN_MOTION and (depth > 0 or is_leaf_type(get_named_type(spec.type)))
        ]
        if not names:
            return "__typename"
        name = self.pick.choice(names)
        if name in BY_RESOLVERS and self.chance(0.8):
            name = self.pick.choice(names)
        spec: GraphQLField = parent.fields[name]
        arguments = self.arguments(spec)
        alias = self.alias(name, numbered=bool(arguments))
        head = f"{alias}{name}{arguments}"
        kind = get_named_type(spec.type)
        if is_leaf_type(kind):
            return f"{head}{self.directive()}"
        parts = [
            f"{head}{self.directive()} {self.selections(kind, depth - 1)}"
            for _ in range(2 if self.chance(0.15) else 1)
        ]
        return " ".join(parts)

    def alias(self, name: str = "__typename", *, numbered: bool = False) -> str:
        """A response key: by number where another field of the name may have other arguments."""
        if numbered:
            self.keys += 1
            return f"k{self.keys}: "
        return f"a_{name.strip('_')}: " if self.chance(0.1) else ""

    def arguments(self, spec: GraphQLField) -> str:
        """Some arguments of a field; those of a connection fit together more often than not."""
        source = spec.extensions[DEFINITION].metadata.get(SOURCE) if spec.extensions else None
        noun = getattr(getattr(source, "resource", None), "name", None)
        arguments = self.values.arguments(spec, noun, pages=isinstance(source, ConnectionSource))
        if isinstance(source, CostReportSource):
            arguments = cost_arguments(self.values, spec)
        if isinstance(source, CostSummarySource):
            arguments = summary_arguments(self.values)
        if isinstance(source, SearchSource):
            arguments = search_arguments(self.values, spec)
        if "path" in arguments:
            arguments["path"] = pointer(self.pick)
        if "ids" in arguments and self.chance(0.5):
            kind = spec.args["ids"].type
            arguments["ids"] = [one for _ in range(20) for one in self.values.value(kind)]
        written = [
            f"{name}: {self.write(spec.args[name], value, needed=names_one(spec))}"
            for name, value in arguments.items()
        ]
        return f"({', '.join(written)})" if written else ""

    def write(self, argument: Any, value: Any, *, needed: bool = False) -> str:
        """A value as a literal or as a variable, which has it if the field needs it."""
        if not self.chance(0.35):
            return self.nested(argument.type, value)
        name = f"v{len(self.declared)}"
        kind = str(argument.type)
        if not is_non_null_type(argument.type) and not needed and self.chance(0.15):
            self.declared[name] = f"${name}: {kind} = {literal(value)}"
            if self.chance(0.3):
                self.variables[name] = None
            return f"${name}"
        self.declared[name] = f"${name}: {kind}"
        if needed or is_required(argument) or self.chance(0.9):
            self.variables[name] = wire(value)
        return f"${name}"

    def nested(self, kind: Any, value: Any) -> str:
        """A literal, in which members of input objects may be variables."""
        kind = get_nullable_type(kind)
        if isinstance(value, dict) and is_input_object_type(kind):
            members = (f"{name}: {self.member(kind, name, item)}" for name, item in value.items())
            return "{" + ", ".join(members) + "}"
        if isinstance(value, list) and is_list_type(kind):
            return "[" + ", ".join(self.nested(kind.of_type, item) for item in value) + "]"
        return literal(value)

    def member(self, parent: GraphQLInputObjectType, field: str, value: Any) -> str:
        """A member of an input object; a variable may be null or left out where it may be so."""
        kind = parent.fields[field].type
        if not self.chance(0.05):
            return self.nested(kind, value)
        name = f"v{len(self.declared)}"
        required = "!" if parent.is_one_of and not is_non_null_type(kind) else ""
        self.declared[name] = f"${name}: {kind}{required}"
        if required or is_non_null_type(kind) or self.chance(0.6):
            self.variables[name] = wire(value)
        elif self.chance(0.4):
            self.variables[name] = None
        elif self.chance(0.3):
            self.declared[name] += f" = {literal(value)}"
        return f"${name}"

    def directive(self) -> str:
        """`@skip` or `@include`, by a literal or a variable, or both, or none."""
        if not self.chance(0.12):
            return ""
        names = self.pick.choice([["skip"], ["include"], ["include", "skip"]])
        return "".join(f" @{name}(if: {self.boolean()})" for name in names)

    def boolean(self) -> str:
        """A truth value."""
        value = self.pick.choice(["true", "false"])
        if self.chance(0.5):
            return value
        name = f"b{self.pick.randint(0, 2)}"
        if name not in self.declared:
            default = self.chance(0.3)
            self.declared[name] = f"${name}: Boolean{f' = {value}' if default else '!'}"
            if not default or self.chance(0.5):
                self.variables[name] = self.chance(0.5)
            if default and self.chance(0.15):  # which validation lets in, and execution refuses
                self.variables[name] = None
        return f"${name}"

    def chance(self, share: float) -> bool:
        """True in about that share of cases."""
        return self.pick.random() < share
