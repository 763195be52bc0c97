"""Simulates a conversation in a graph without a language model, so the same input has one outcome.

Intents are keywords in the message; formulas and state variables are computed. A condition in
natural language would need a model, so it is never met here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gql.domain.expression import FormulaError, evaluate_formula
from gql.models.enums import ConditionLogic, ConditionType
from gql.query.resource import Record

NO_TRANSITION = "No transition triggered"


@dataclass(frozen=True, slots=True)
class Step:
    """One message and what it led to.

    Attributes:
        node_id: The current node when it was received.
        edge: The edge that was followed; None when there was none.
        matched: What met the condition: `purchase, buy`.
    """

    node_id: int
    message: str
    edge: Record | None
    matched: str | None

    @property
    def reason(self) -> str:
        """Which kind of condition was met by what, or that none was."""
        if self.edge is None:
            return NO_TRANSITION
        kind = str(self.edge.condition_type).replace("_", " ").capitalize()
        return f"{kind} matched: {self.matched}"


def walk_graph(
    edges: Sequence[Record], start: int, messages: Sequence[str], state: Mapping[str, Any]
) -> list[Step]:
    """One step per message, from the node `start`.

    Args:
        edges: All edges of the graph; inactive ones are skipped, lower priorities come first.
        start: The id of the node that receives the first message.
        messages: What the customer says.
        state: The conversation's context; `turn_count` is counted here, `call_duration` is 0 by
            default.
    """
    active = sorted(
        (edge for edge in edges if edge.is_active), key=lambda edge: (edge.priority, edge.id)
    )
    outgoing: dict[int, list[Record]] = {}
    for edge in active:
        outgoing.setdefault(edge.from_node_id, []).append(edge)
    steps: list[Step] = []
    node_id = start
    for number, message in enumerate(messages, 1):
        variables = {"call_duration": 0, **state, "turn_count": number}
        step = _step(outgoing.get(node_id, ()), node_id, message, variables)
        steps.append(step)
        node_id = step.edge.to_node_id if step.edge else node_id
    return steps


def _step(edges: Sequence[Record], node_id: int, message: str, state: Mapping[str, Any]) -> Step:
    for edge in edges:
        matched = _match(edge, message, state)
        if matched is not None:
            return Step(node_id, message, edge, matched)
    return Step(node_id, message, None, None)


def _match(edge: Record, message: str, state: Mapping[str, Any]) -> str | None:
    """What met the conditions of an edge, that of its own type first; None when they are not met.

    An edge may have a condition of each type; its `condition_logic` says whether all count or any.
    """
    types = sorted(_CONDITIONS, key=lambda condition_type: condition_type != edge.condition_type)
    results: list[str | None] = []
    for condition_type in types:
        column, matches = _CONDITIONS[condition_type]
        condition = getattr(edge, column)
        if condition:
            results.append(matches(condition, message, state))
    met = [text for text in results if text is not None]
    enough = bool(met) if edge.condition_logic == ConditionLogic.OR else len(met) == len(results)
    return ", ".join(met) if met and enough else None


def _match_intent(pattern: str, message: str, _state: Mapping[str, Any]) -> str | None:
    keywords = (keyword.strip() for keyword in pattern.split(","))
    folded = message.casefold()
    present = [word for word in keywords if word and _has_words(folded, word.casefold())]
    return ", ".join(present) or None


def _has_words(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _match_natural_language(_trigger: str, _message: str, _state: Mapping[str, Any]) -> str | None:
    return None


def _match_formula(formula: str, _message: str, state: Mapping[str, Any]) -> str | None:
    try:
        return formula if evaluate_formula(formula, state) else None
    except FormulaError:
        return None


def _match_variable(condition: Mapping[str, Any], _message: str, state: Mapping[str, Any]) -> Any:
    name, value = str(condition.get("variable")), condition.get("value")
    sign = str(condition.get("operator") or "equals")
    compare = _OPERATORS.get(sign)
    if compare is None or name not in state:
        return None
    try:
        return f"{name} {sign} {value}" if compare(state[name], value) else None
    except TypeError:  # text is not less than a number
        return None


_CONDITIONS: Mapping[str, tuple[str, Callable[[Any, str, Mapping[str, Any]], str | None]]] = {
    ConditionType.INTENT: ("intent_pattern", _match_intent),
    ConditionType.NATURAL_LANGUAGE: ("natural_language_trigger", _match_natural_language),
    ConditionType.MATHEMATICAL: ("mathematical_expression", _match_formula),
    ConditionType.STATE_VARIABLE: ("state_variable_condition", _match_variable),
}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": lambda actual, value: actual == value,
    "not_equals": lambda actual, value: actual != value,
    "greater_than": lambda actual, value: actual > value,
    "greater_than_or_equal": lambda actual, value: actual >= value,
    "less_than": lambda actual, value: actual < value,
    "less_than_or_equal": lambda actual, value: actual <= value,
    "contains": lambda actual, value: value in actual,
    "in": lambda actual, value: actual in value,
}
