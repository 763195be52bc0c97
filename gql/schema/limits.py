"""Limits on what a document may ask for, checked before validation in linear time.

Fragments make a short document long: thirty that each spread the next one twice ask for a billion
fields in 1 KB, and a checker that follows every spread never comes back. So each definition is
measured once, by itself; a fragment's total adds the totals of what it spreads, each computed once;
and only an operation that passes is ever walked with its fragments expanded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gql.errors import IntrospectionDisabled, TooComplex
from gql.settings import Settings

INTROSPECTION_DEPTH = 20
"""How deep a selection may go from `__schema` or `__type` on; the query of tools needs 15."""

REPETITION_FACTOR = 10
"""How many comparisons of repeated response keys validation may cost, per allowed token."""

_INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(slots=True)
class Measure:
    """The size of a selection set, with the fragments that it spreads counted in.

    Attributes:
        depth: Levels of fields, where `__schema` and `__type` count as leaves.
        introspection_depth: Levels of fields below the deepest `__schema` or `__type`.
        selections: Fields and spreads.
        aliases: Fields that are renamed.
        width: Fields of the outermost level.
    """

    depth: int = 0
    introspection_depth: int = 0
    selections: int = 0
    aliases: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class _Spread:
    """One place where a definition spreads a fragment: how deep, and below introspection or not."""

    name: str
    depth: int
    introspection: bool


def check_limits(document: DocumentNode, settings: Settings) -> None:
    """Check every operation of the document against the limits.

    Raises:
        TooComplex: when one is over a limit; the message names the limit and the figure.
        IntrospectionDisabled: when it asks for the schema and may not.
        GraphQLError: when a fragment spreads itself, which validation would find too late.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    totals = _fragment_totals(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measure, spreads = _own_measure(definition.selection_set)
            for spread in spreads:
                _add(measure, spread, totals)
            _compare(measure, settings)
            _check_repetition(definition.selection_set, fragments, settings)


def _own_measure(root: SelectionSetNode) -> tuple[Measure, list[_Spread]]:
    """The measure of a selection set by itself, and the fragments that it spreads."""
    measure = Measure()
    spreads: list[_Spread] = []
    stack = [(root, 0, False)]
    while stack:
        selection_set, depth, introspection = stack.pop()
        for selection in selection_set.selections:
            measure.selections += 1
            if isinstance(selection, FragmentSpreadNode):
                spreads.append(_Spread(selection.name.value, depth, introspection))
            elif isinstance(selection, InlineFragmentNode):
                stack.append((selection.selection_set, depth, introspection))
            elif isinstance(selection, FieldNode):
                below = _count_field(measure, selection, depth, introspection=introspection)
                if selection.selection_set:
                    stack.append((selection.selection_set, *below))
    return measure, spreads


def _count_field(
    measure: Measure, field: FieldNode, depth: int, *, introspection: bool
) -> tuple[int, bool]:
    """Count one field; returns the depth of its selections, and if they are introspection."""
    measure.aliases += field.alias is not None
    if introspection:
        measure.introspection_depth = max(measure.introspection_depth, depth + 1)
        return depth + 1, True
    measure.width += depth == 0
    measure.depth = max(measure.depth, depth + 1)
    if field.name.value in _INTROSPECTION_FIELDS:
        measure.introspection_depth = max(measure.introspection_depth, 1)
        return 1, True
    return depth + 1, False


def _fragment_totals(fragments: Fragments) -> dict[str, Measure]:
    """The measure of every fragment with what it spreads counted in, each computed once."""
    own = {name: _own_measure(fragment.selection_set) for name, fragment in fragments.items()}
    totals: dict[str, Measure] = {}
    for name in _spread_first(fragments, {name: spreads for name, (_, spreads) in own.items()}):
        measure, spreads = own[name]
        for spread in spreads:
            _add(measure, spread, totals)
        totals[name] = measure
    return totals


def _spread_first(fragments: Fragments, spreads: Mapping[str, list[_Spread]]) -> Iterable[str]:
    """The names of fragments, each after those it spreads; without recursion, for long chains."""
    done: set[str] = set()
    for root in spreads:
        path = [] if root in done else [(root, iter(spreads[root]))]
        open_names = {root}
        while path:
            name, rest = path[-1]
            below = next((s.name for s in rest if s.name in spreads and s.name not in done), None)
            if below is None:
                path.pop()
                open_names.discard(name)
                done.add(name)
                yield name
            elif below in open_names:
                message = f"Fragment '{below}' spreads itself; remove the cycle."
                raise GraphQLError(message, fragments[below])
            else:
                path.append((below, iter(spreads[below])))
                open_names.add(below)


def _add(measure: Measure, spread: _Spread, totals: Mapping[str, Measure]) -> None:
    """Add the total of a spread fragment; an unknown one is validation's to report."""
    total = totals.get(spread.name)
    if total is None:
        return
    measure.selections += total.selections
    measure.aliases += total.aliases
    deepest = total.introspection_depth
    if spread.introspection:
        deepest = spread.depth + max(total.depth, total.introspection_depth)
    else:
        measure.depth = max(measure.depth, spread.depth + total.depth)
        measure.width += total.width if spread.depth == 0 else 0
    measure.introspection_depth = max(measure.introspection_depth, deepest)


def _compare(measure: Measure, settings: Settings) -> None:
    """Refuse an operation whose measure is over a limit.

    An operation may select as many fields as the longest document without fragments could.
    """
    if measure.introspection_depth and not settings.introspection:
        raise IntrospectionDisabled(
            "Introspection is switched off on this server (GQL_INTROSPECTION)."
        )
    for predicate, figure, limit in (
        ("is nested {} levels deep", measure.depth, settings.max_depth),
        ("nests {} levels below __schema", measure.introspection_depth, INTROSPECTION_DEPTH),
        ("has {} aliases", measure.aliases, settings.max_aliases),
        ("has {} root fields", measure.width, settings.max_root_fields),
        ("selects {} fields", measure.selections, settings.max_tokens),
    ):
        check_limit(predicate, figure, limit)


LARGEST_FIGURE = 10**12
"""The largest number that a message names; fragments can expand to one of a thousand digits."""


def check_limit(predicate: str, figure: int, limit: int) -> None:
    """Check a figure of an operation.

    Args:
        predicate: What the operation does, with `{}` for the figure: `has {} aliases`.
        figure: How often.
        limit: The most.

    Raises:
        TooComplex: when the figure is over the limit.
    """
    if figure > limit:
        printed = str(figure) if figure <= LARGEST_FIGURE else f"more than {LARGEST_FIGURE}"
        raise TooComplex(
            f"The operation {predicate.format(printed)}; the limit is {limit}.",
            figure=min(figure, LARGEST_FIGURE),
            limit=limit,
        )


def _check_repetition(root: SelectionSetNode, fragments: Fragments, settings: Settings) -> None:
    """Refuse an operation that repeats response keys so often that validation would be slow.

    Validation compares every two fields that share a response key, and every two fragments that are
    spread in one place: 1,500 times the same field are a million comparisons. This walk merges
    selections as execution does, and counts those comparisons in the time of one pass.
    """
    limit = settings.max_tokens * REPETITION_FACTOR
    comparisons = 0
    merged = [[root]]
    while merged:
        by_key, spread = _merge(merged.pop(), fragments)
        comparisons += len(spread) ** 2 + sum(len(fields) ** 2 for fields in by_key.values())
        if comparisons > limit:
            raise TooComplex(
                "The document repeats fields or fragments too often in one place; "
                "select each field once.",
                figure=comparisons,
                limit=limit,
            )
        for fields in by_key.values():
            below = [field.selection_set for field in fields if field.selection_set]
            if below:
                merged.append(below)


def _merge(
    selection_sets: Iterable[SelectionSetNode], fragments: Fragments
) -> tuple[dict[str, list[FieldNode]], set[str]]:
    """The fields of one level by response key, and the fragments that were followed for them."""
    by_key: defaultdict[str, list[FieldNode]] = defaultdict(list)
    spread: set[str] = set()
    stack = list(selection_sets)
    while stack:
        for selection in stack.pop().selections:
            if isinstance(selection, FieldNode):
                by_key[(selection.alias or selection.name).value].append(selection)
            elif isinstance(selection, InlineFragmentNode):
                stack.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in fragments and name not in spread:
                    spread.add(name)
                    stack.append(fragments[name].selection_set)
    return by_key, spread
