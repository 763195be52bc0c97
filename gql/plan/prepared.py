"""A request with its plan, on the way to a statement."""

from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from gql.plan.binder import Memo
from gql.plan.recent import Recent
from gql.plan.slots import Plan, is_personal
from gql.plan.statement import Bound, Statement


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with its plan, as far as it does not depend on who is asking.

    Attributes:
        key: What the plan is remembered by.
        plan: What is to be bound.
        constant: The answer, where it depends on the document alone.
        memo: What the plan's settled slots are bound to.
        recent: The shapes of the plan's statements.
        variables: Of the request, coerced.
        remembered: Whether the plan was there already.
    """

    key: Any
    plan: Plan
    constant: bytes | None
    memo: Memo
    recent: Recent
    variables: VariableValues
    remembered: bool

    @property
    def personal(self) -> bool:
        """Whether what the plan is bound to depends on who is asking."""
        return any(is_personal(slot.fact) for slot in self.plan.slots)


@dataclass(frozen=True, slots=True)
class Made:
    """A statement for a request.

    Attributes:
        bound: It with its values.
        statement: What `bound` only refers to.
        key: What the statement is remembered by.
        remembered: Whether it was there already.
    """

    bound: Bound
    statement: Statement
    key: Any
    remembered: bool
