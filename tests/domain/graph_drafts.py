"""Structures in short, for tests: nodes by letters, edges as `"a>b"`."""

from collections.abc import Mapping
from typing import Any

from gql.domain.graph_structure import (
    AssistantState,
    GraphStructure,
    StructureEdge,
    StructureNode,
)
from gql.models.enums import ConditionType

ASSISTANTS = {1: AssistantState("Ada", is_active=True), 2: AssistantState("Bo", is_active=False)}


def draft(
    nodes: str, edges: Mapping[str, Any], assistants: Mapping[str, int] | None = None, **more: Any
) -> GraphStructure:
    """A structure, whose ids are the places of nodes and edges.

    Args:
        nodes: A letter for each, with its type: `"a:entry b c:exit"`.
        edges: What each has, by its ends, `"a>b"`; what follows a space only tells edges apart. A
            text is the keywords of an intent.
        assistants: By node, where it is not 1.
        more: Of the structure.
    """
    letters = [entry.partition(":")[::2] for entry in nodes.split()]
    index = {letter: at for at, (letter, _) in enumerate(letters)}
    return GraphStructure(
        [
            StructureNode(
                at, (assistants or {}).get(letter, 1), kind or "standard", label=f"node {letter}"
            )
            for at, (letter, kind) in enumerate(letters)
        ],
        [_edge(at, ends, values, index) for at, (ends, values) in enumerate(edges.items())],
        **{"assistants": ASSISTANTS, "session_variables": {"tier"}, **more},
    )


def _edge(at: int, ends: str, values: Any, index: Mapping[str, int]) -> StructureEdge:
    start, end = ends.split(maxsplit=1)[0].split(">")
    columns = {"intent_pattern": values} if isinstance(values, str) else dict(values)
    if "intent_pattern" in columns:
        columns.setdefault("condition_type", ConditionType.INTENT)
    if "mathematical_expression" in columns:
        columns.setdefault("condition_type", ConditionType.MATHEMATICAL)
    if "state_variable_condition" in columns:
        columns.setdefault("condition_type", ConditionType.STATE_VARIABLE)
    return StructureEdge(at, index.get(start), index.get(end), **{"label": f"edge {at}", **columns})


def expression(text: str, **more: Any) -> dict[str, Any]:
    return {"mathematical_expression": text, **more}


def state(variable: str, value: Any, operator: str = "equals", **more: Any) -> dict[str, Any]:
    condition = {"variable": variable, "operator": operator, "value": value}
    return {"state_variable_condition": condition, **more}


def language(trigger: str, **more: Any) -> dict[str, Any]:
    return {"natural_language_trigger": trigger, **more}
