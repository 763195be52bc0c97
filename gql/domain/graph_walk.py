"""Simulates a conversation in a graph without a language model, so the same input has one outcome.

Intents are keywords in the message; expressions and state variables are computed. A condition in
natural language would need a model: it follows the verdict that the caller has of it, and without
one it is not evaluated, and not met.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, TypeAlias

from gql.domain.conditions.evaluation import holds
from gql.domain.conditions.satisfiability import CALL_DURATION, MESSAGE_COUNT
from gql.domain.conditions.syntax import ExpressionError
from gql.domain.edge_conditions import EdgeConditions, read_conditions
from gql.models.enums import ConditionType
from gql.steps import pause_if_long

MOST_MESSAGES = 200
"""Most messages of one simulation."""

NO_TRANSITION = "No transition triggered"

Verdict: TypeAlias = Callable[[int, int], bool | None]
"""Whether the natural language condition of an edge was met by a message: from the edge's id and
the message's index. None when nobody has judged that."""


class _Undecided(Enum):
    NOT_EVALUATED = auto()


_NOT_EVALUATED = _Undecided.NOT_EVALUATED
_Outcome: TypeAlias = str | _Undecided | None
"""What met a condition; None when it is not met."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message and what it led to.

    Attributes:
        node_id: The current node when it was received.
        edge: The edge that was followed; None when there was none.
        matched: What met the condition: `purchase, buy`.
        not_evaluated: Edges tried before, or without one followed, whose natural language would
            have decided.
    """

    node_id: int
    message: str | None
    edge: Any | None
    matched: str | None
    not_evaluated: tuple[Any, ...] = ()

    @property
    def reason(self) -> str:
        """Which kind of condition was met by what, or that none was."""
        if self.edge is None:
            return NO_TRANSITION
        kind = str(self.edge.condition_type).replace("_", " ").capitalize()
        return f"{kind} matched: {self.matched}"


class Walker:
    """The active edges of a graph with their conditions read, to walk any number of times.

    Args:
        edges: All edges of the graph, as rows or as `StructureEdge`; inactive ones are skipped,
            lower priorities come first.
    """

    def __init__(self, edges: Sequence[Any]) -> None:
        active = sorted(
            (edge for edge in edges if edge.is_active), key=lambda edge: (edge.priority, edge.id)
        )
        self._outgoing: dict[int, list[tuple[Any, EdgeConditions]]] = {}
        for edge in active:
            self._outgoing.setdefault(edge.from_node_id, []).append((edge, read_conditions(edge)))

    def step(
        self,
        node_id: int,
        message: str | None,
        variables: Mapping[str, Any],
        verdict: Callable[[int], bool | None] = lambda _edge_id: None,
    ) -> Step:
        """Where a message leads from a node.

        Args:
            node_id: The current node.
            message: What the customer says; None where nobody knows.
            variables: The conversation's, with `call_duration`, and with `turn_count` if that is
                recorded.
            verdict: Whether what cannot be computed of an edge's conditions is met, by its id.
        """
        undecided: list[Any] = []
        for edge, conditions in self._outgoing.get(node_id, ()):
            pause_if_long()
            matched = _match(edge.id, conditions, message, variables, verdict)
            if matched is _NOT_EVALUATED:
                undecided.append(edge)
            elif isinstance(matched, str):
                return Step(node_id, message, edge, matched, tuple(undecided))
        return Step(node_id, message, None, None, tuple(undecided))

    def walk(
        self,
        start: int,
        messages: Sequence[str],
        state: Mapping[str, Any],
        verdict: Verdict = lambda _edge_id, _message: None,
        *,
        ends: Collection[int] = (),
    ) -> list[Step]:
        """One step per message, from the node `start`, until one of the `ends` is reached.

        Args:
            start: The id of the node that receives the first message.
            messages: What the customer says.
            state: The conversation's context; `turn_count` is counted here, `call_duration` is 0
                by default.
            verdict: On conditions in natural language.
            ends: Nodes at which the conversation is over.
        """
        steps: list[Step] = []
        node_id = start
        for index, message in enumerate(messages):
            if node_id in ends:
                break
            variables = {CALL_DURATION: 0, **state, MESSAGE_COUNT: index + 1}
            step = self.step(node_id, message, variables, partial(_at, verdict, index))
            steps.append(step)
            node_id = step.edge.to_node_id if step.edge else node_id
        return steps


def _at(verdict: Verdict, message: int, edge_id: int) -> bool | None:
    return verdict(edge_id, message)


def _match(
    edge_id: int,
    conditions: EdgeConditions,
    message: str | None,
    variables: Mapping[str, Any],
    verdict: Callable[[int], bool | None],
) -> _Outcome:
    """What met the conditions of an edge, that of its own type first."""
    results: list[_Outcome] = []
    for kind in conditions.types:
        if _is_computable(kind, conditions, message, variables):
            results.append(_MATCHERS[kind](conditions, message or "", variables))
        else:
            judged = verdict(edge_id)
            met = conditions.text_of(kind) if judged else None
            results.append(_NOT_EVALUATED if judged is None else met)
    texts = [result for result in results if isinstance(result, str)]
    is_undecided = _NOT_EVALUATED in results
    if conditions.any_is_enough:
        enough = bool(texts)
    else:
        is_undecided = is_undecided and None not in results
        enough = len(texts) == len(results)
    if texts and enough:
        return ", ".join(texts)
    return _NOT_EVALUATED if is_undecided else None


def _is_computable(
    kind: str, conditions: EdgeConditions, message: str | None, variables: Mapping[str, Any]
) -> bool:
    if kind == ConditionType.NATURAL_LANGUAGE:
        return False
    if kind == ConditionType.INTENT:
        return message is not None
    if kind == ConditionType.MATHEMATICAL:
        return not conditions.counts_messages or MESSAGE_COUNT in variables
    state = conditions.state
    return state is None or state.variable != MESSAGE_COUNT or MESSAGE_COUNT in variables


def _match_intent(
    conditions: EdgeConditions, message: str, _variables: Mapping[str, Any]
) -> str | None:
    folded = message.casefold()
    present = [word for word in conditions.keywords if _has_words(folded, word.casefold())]
    return ", ".join(present) or None


def _has_words(text: str, words: str) -> bool:
    return words in text and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _match_expression(
    conditions: EdgeConditions, _message: str, variables: Mapping[str, Any]
) -> str | None:
    if conditions.expression is None:
        return None
    try:
        return conditions.expression_text if holds(conditions.expression, variables) else None
    except ExpressionError:
        return None


def _match_state(
    conditions: EdgeConditions, _message: str, variables: Mapping[str, Any]
) -> str | None:
    state = conditions.state
    if state is None or not state.holds(variables):
        return None
    return str(state)


_MATCHERS: Mapping[str, Callable[[EdgeConditions, str, Mapping[str, Any]], str | None]] = {
    ConditionType.INTENT: _match_intent,
    ConditionType.MATHEMATICAL: _match_expression,
    ConditionType.STATE_VARIABLE: _match_state,
}
