"""The conditions of one edge, read once: what they look at, what is wrong, whether they can hold.

An edge may have a condition of each type. Its `condition_logic` says whether all count or any.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gql.domain.conditions.satisfiability import MESSAGE_COUNT, can_hold
from gql.domain.conditions.state import StateCondition, read_state_condition
from gql.domain.conditions.syntax import (
    Expression,
    ExpressionError,
    parse_expression,
    variables_of,
)
from gql.models.enums import ConditionLogic, ConditionType

COLUMN_OF: Mapping[str, str] = {
    ConditionType.INTENT: "intent_pattern",
    ConditionType.NATURAL_LANGUAGE: "natural_language_trigger",
    ConditionType.MATHEMATICAL: "mathematical_expression",
    ConditionType.STATE_VARIABLE: "state_variable_condition",
}
"""The column with the condition of each type."""


@dataclass(frozen=True, slots=True)
class EdgeConditions:
    """What an edge waits for.

    Attributes:
        types: Of the conditions that it has, that of its own type first.
        any_is_enough: Whether one of several is enough.
        keywords: Of its intent, as they are written.
        trigger: Its situation in words.
        expression_text: The expression as it is written.
        expression: None where there is none that can be read.
        expression_fault: Why it cannot be read.
        counts_messages: Whether it looks at `turn_count`.
        state: Its state condition.
    """

    types: tuple[str, ...]
    any_is_enough: bool
    keywords: tuple[str, ...]
    trigger: str | None
    expression_text: str | None
    expression: Expression | None
    expression_fault: str | None
    state: StateCondition | None
    counts_messages: bool

    @property
    def can_hold(self) -> bool:
        """Whether the edge can be taken at all, as far as numbers and types tell."""
        results = [self._can_hold(kind) for kind in self.types]
        if self.any_is_enough:
            return any(results)
        return bool(results) and all(results) and can_hold(*self.numeric)

    @property
    def is_contradictory(self) -> bool:
        """Whether each condition could hold, but not all together."""
        return not self.can_hold and bool(self.types) and all(map(self._can_hold, self.types))

    @property
    def expression_can_hold(self) -> bool:
        return self.expression is not None and can_hold(self.expression)

    @property
    def numeric(self) -> tuple[Expression, ...]:
        """The conditions on numbers, as expressions."""
        state = self.state.expression if self.state else None
        return tuple(each for each in (self.expression, state) if each is not None)

    def variables(self) -> Iterator[str]:
        """The names of variables that it looks at."""
        if self.expression is not None:
            yield from variables_of(self.expression)
        if self.state is not None and self.state.variable:
            yield self.state.variable

    def excludes(self, other: "EdgeConditions") -> bool:
        """Whether two edges wait for things of which one message never has both.

        Different keywords count as such: who writes them means them to be told apart.
        """
        if self.any_is_enough or other.any_is_enough:
            return False
        if self.keywords and other.keywords:
            folded = {word.casefold() for word in self.keywords}
            if folded.isdisjoint(word.casefold() for word in other.keywords):
                return True
        if self.state and other.state and self.state.excludes(other.state):
            return True
        return not can_hold(*self.numeric, *other.numeric)

    def text_of(self, kind: str) -> str:
        """A condition in words."""
        if kind == ConditionType.INTENT:
            return ", ".join(self.keywords)
        if kind == ConditionType.MATHEMATICAL:
            return self.expression_text or ""
        if kind == ConditionType.STATE_VARIABLE and self.state:
            return str(self.state)
        return self.trigger or ""

    def has(self, kind: str) -> bool:
        """Whether there is a condition of a type that says anything."""
        if kind == ConditionType.INTENT:
            return bool(self.keywords)
        if kind == ConditionType.NATURAL_LANGUAGE:
            return bool(self.trigger and self.trigger.strip())
        return kind in self.types

    def _can_hold(self, kind: str) -> bool:
        if kind == ConditionType.MATHEMATICAL:
            return self.expression_can_hold
        if kind == ConditionType.STATE_VARIABLE:
            return bool(self.state and self.state.can_hold)
        return self.has(kind)


def read_conditions(edge: Any) -> EdgeConditions:
    """The conditions of an edge: a row, or a `StructureEdge`."""
    written = {
        kind: getattr(edge, column) for kind, column in COLUMN_OF.items() if getattr(edge, column)
    }
    types = list(written)
    types.sort(key=lambda kind: kind != edge.condition_type)
    expression = fault = None
    if ConditionType.MATHEMATICAL in written:
        try:
            expression = parse_expression(written[ConditionType.MATHEMATICAL])
        except ExpressionError as error:
            fault = str(error)
    state = written.get(ConditionType.STATE_VARIABLE)
    return EdgeConditions(
        types=tuple(map(str, types)),
        any_is_enough=edge.condition_logic == ConditionLogic.OR and len(types) > 1,
        keywords=keywords_of(edge.intent_pattern or ""),
        trigger=edge.natural_language_trigger,
        expression_text=edge.mathematical_expression,
        expression=expression,
        expression_fault=fault,
        state=read_state_condition(state) if state else None,
        counts_messages=expression is not None and MESSAGE_COUNT in variables_of(expression),
    )


def keywords_of(pattern: str) -> tuple[str, ...]:
    """The keywords of an intent, which commas separate."""
    return tuple(word for keyword in pattern.split(",") if (word := keyword.strip()))
