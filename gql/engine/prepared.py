"""A request with its plan, on the way to a statement."""

from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from gql.engine.bind import ConstantBindings
from gql.engine.plan import Plan
from gql.engine.statement import BoundStatement, Statement
from gql.engine.variants import RecentVariants


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with its plan, as far as it does not depend on who is asking.

    Attributes:
        key: What the plan is remembered by.
        plan: What is to be bound.
        constant: The answer, where it depends on the document alone.
        constants: What the plan's settled slots are bound to.
        variants: The shapes of the plan's statements.
        variables: Of the request, coerced.
        was_cached: Whether the plan was there already.
    """

    key: Any
    plan: Plan
    constant: bytes | None
    constants: ConstantBindings
    variants: RecentVariants
    variables: VariableValues
    was_cached: bool

    @property
    def depends_on_caller(self) -> bool:
        """Whether what the plan is bound to depends on who is asking."""
        return any(field.source.depends_on_caller for field in self.plan.arguments)


@dataclass(frozen=True, slots=True)
class Made:
    """A statement for a request.

    Attributes:
        bound: It with its values.
        statement: What `bound` only refers to.
        key: What the statement is remembered by.
        was_cached: Whether it was there already.
    """

    bound: BoundStatement
    statement: Statement
    key: Any
    was_cached: bool
