"""Walks a graph as a conversation would, without a model: same input, same way, offline.

Intents are keywords in the message, formulas and state variables are computed. What a customer
means in natural language would need a model, so such a condition never holds here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gql.domain.expression import Unevaluable, holds
from gql.models.enums import ConditionLogic, ConditionType
from gql.query.resource import Record

NOTHING = "No transition triggered"


@dataclass(frozen=True, slots=True)
class Step:
    """One message and what it led to.

    Attributes:
        node_id: Where it was heard.
        edge: The way that it opened; None when the walk stays.
        matched: What made the condition hold: `purchase, buy`.
    """

    node_id: int
    message: str
    edge: Record | None
    matched: str | None

    @property
    def reason(self) -> str:
        """Why the walk went on, or that it did not."""
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
        state: The conversation's context; `turn_count` is counted, `call_duration` is 0 unless
            given.
    """
    active = sorted(
        (edge for edge in edges if edge.is_active), key=lambda edge: (edge.priority, edge.id)
    )
    ways: dict[int, list[Record]] = {}
    for edge in active:
        ways.setdefault(edge.from_node_id, []).append(edge)
    steps: list[Step] = []
    at = start
    for turn, message in enumerate(messages, 1):
        known = {"call_duration": 0, **state, "turn_count": turn}
        step = _step(ways.get(at, ()), at, message, known)
        steps.append(step)
        at = step.edge.to_node_id if step.edge else at
    return steps


def _step(ways: Sequence[Record], at: int, message: str, state: Mapping[str, Any]) -> Step:
    for edge in ways:
        matched = _matched(edge, message, state)
        if matched is not None:
            return Step(at, message, edge, matched)
    return Step(at, message, None, None)


def _matched(edge: Record, message: str, state: Mapping[str, Any]) -> str | None:
    """What made an edge's conditions hold, or None; its own kind of condition comes first."""
    kinds = sorted(_CONDITIONS, key=lambda kind: kind != edge.condition_type)
    found: list[str | None] = []
    for kind in kinds:
        column, condition = _CONDITIONS[kind]
        stated = getattr(edge, column)
        if stated:
            found.append(condition(stated, message, state))
    held = [text for text in found if text is not None]
    enough = bool(held) if edge.condition_logic == ConditionLogic.OR else len(held) == len(found)
    return ", ".join(held) if held and enough else None


def _intent(pattern: str, message: str, _state: Mapping[str, Any]) -> str | None:
    keywords = (keyword.strip() for keyword in pattern.split(","))
    said = message.casefold()
    heard = [keyword for keyword in keywords if keyword and _says(said, keyword.casefold())]
    return ", ".join(heard) or None


def _says(said: str, keyword: str) -> bool:
    """Whether a message has the keyword as words of its own."""
    return re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", said) is not None


def _natural_language(_trigger: str, _message: str, _state: Mapping[str, Any]) -> str | None:
    return None


def _formula(formula: str, _message: str, state: Mapping[str, Any]) -> str | None:
    try:
        return formula if holds(formula, state) else None
    except Unevaluable:
        return None


def _state_variable(stated: Mapping[str, Any], _message: str, state: Mapping[str, Any]) -> Any:
    name, value = str(stated.get("variable")), stated.get("value")
    sign = str(stated.get("operator") or "equals")
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
