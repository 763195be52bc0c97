"""Walks a graph as a conversation would, without a language model: same input, same steps.

Intents are keywords in the message; formulas and state variables are computed. What a customer
means in natural language would need a language model, so such a condition never holds here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gql.domain.expression import Unevaluable, is_true
from gql.models.enums import ConditionLogic, ConditionType
from gql.query.resource import Record

NOTHING = "No transition triggered"


@dataclass(frozen=True, slots=True)
class Step:
    """One message and the edge it led along.

    Attributes:
        node_id: The node that heard it.
        edge: The edge whose conditions hold; None when the walk stays at the node.
        matched: What the condition matched: `purchase, buy`.
    """

    node_id: int
    message: str
    edge: Record | None
    matched: str | None

    @property
    def reason(self) -> str:
        """Which condition held, or that none did."""
        if self.edge is None:
            return NOTHING
        kind = str(self.edge.condition_type).replace("_", " ").capitalize()
        return f"{kind} matched: {self.matched}"


def walk(
    edges: Sequence[Record], start: int, messages: Sequence[str], state: Mapping[str, Any]
) -> list[Step]:
    """One step per message, from the node `start`.

    Args:
        edges: All edges of the graph; inactive ones are passed over, the lowest priority is first.
        start: The id of the node that hears the first message.
        messages: What the customer says.
        state: The conversation's context; `turn_count` is counted, `call_duration` is 0 when
            absent.
    """
    active = sorted(
        (edge for edge in edges if edge.is_active), key=lambda edge: (edge.priority, edge.id)
    )
    leaving: dict[int, list[Record]] = {}
    for edge in active:
        leaving.setdefault(edge.from_node_id, []).append(edge)
    steps: list[Step] = []
    node_id = start
    for count, message in enumerate(messages, 1):
        variables = {"call_duration": 0, **state, "turn_count": count}
        step = _step(leaving.get(node_id, ()), node_id, message, variables)
        steps.append(step)
        node_id = step.edge.to_node_id if step.edge else node_id
    return steps


def _step(edges: Sequence[Record], node_id: int, message: str, state: Mapping[str, Any]) -> Step:
    for edge in edges:
        matched = _matched(edge, message, state)
        if matched is not None:
            return Step(node_id, message, edge, matched)
    return Step(node_id, message, None, None)


def _matched(edge: Record, message: str, state: Mapping[str, Any]) -> str | None:
    """What an edge's conditions matched, its own kind first; None when they do not hold."""
    kinds = sorted(_CONDITIONS, key=lambda kind: kind != edge.condition_type)
    results: list[str | None] = []
    for kind in kinds:
        column, condition = _CONDITIONS[kind]
        value = getattr(edge, column)
        if value:
            results.append(condition(value, message, state))
    matched = [text for text in results if text is not None]
    is_any = edge.condition_logic == ConditionLogic.OR
    holds = bool(matched) and (is_any or len(matched) == len(results))
    return ", ".join(matched) if holds else None


def _intent(pattern: str, message: str, _state: Mapping[str, Any]) -> str | None:
    keywords = (keyword.strip() for keyword in pattern.split(","))
    folded = message.casefold()
    matched = [keyword for keyword in keywords if keyword and _has(folded, keyword.casefold())]
    return ", ".join(matched) or None


def _has(text: str, keyword: str) -> bool:
    """Whether a text has the keyword as whole words."""
    return re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", text) is not None


def _natural_language(_trigger: str, _message: str, _state: Mapping[str, Any]) -> str | None:
    return None


def _formula(formula: str, _message: str, state: Mapping[str, Any]) -> str | None:
    try:
        return formula if is_true(formula, state) else None
    except Unevaluable:
        return None


def _state_variable(condition: Mapping[str, Any], _message: str, state: Mapping[str, Any]) -> Any:
    name, value = str(condition.get("variable")), condition.get("value")
    sign = str(condition.get("operator") or "equals")
    compare = _OPERATORS.get(sign)
    if compare is None or name not in state:
        return None
    try:
        return f"{name} {sign} {value}" if compare(state[name], value) else None
    except TypeError:
        # Text is not less than a number.
        return None


_CONDITIONS: Mapping[str, tuple[str, Callable[[Any, str, Mapping[str, Any]], str | None]]] = {
    ConditionType.INTENT: ("intent_pattern", _intent),
    ConditionType.NATURAL_LANGUAGE: ("natural_language_trigger", _natural_language),
    ConditionType.MATHEMATICAL: ("mathematical_expression", _formula),
    ConditionType.STATE_VARIABLE: ("state_variable_condition", _state_variable),
}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": lambda is_, value: is_ == value,
    "not_equals": lambda is_, value: is_ != value,
    "greater_than": lambda is_, value: is_ > value,
    "greater_than_or_equal": lambda is_, value: is_ >= value,
    "less_than": lambda is_, value: is_ < value,
    "less_than_or_equal": lambda is_, value: is_ <= value,
    "contains": lambda is_, value: value in is_,
    "in": lambda is_, value: is_ in value,
}
