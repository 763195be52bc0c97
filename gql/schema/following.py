"""What one subscription tells of: the field of its operation, and that field's arguments."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from graphql import (
    SKIP,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    VariableNode,
    Visitor,
    VisitorAction,
    visit,
)
from graphql.execution import get_variable_values

from gql.engine.bind import Binder
from gql.engine.document import Request
from gql.errors import BadInput
from gql.events.feed import Passes
from gql.events.reading import StoredEvent
from gql.loaders.record_loaders import ListedRecordLoader, ListedRecords
from gql.query.context import Context
from gql.schema.subscription import FOLLOWED, Change, FollowedField


@dataclass(frozen=True)
class Following:
    """Of one request.

    Attributes:
        field: What the operation selects.
        variables: The coerced ones of the operation.
        passes: Which events it may give, by what is known without the object.
        after: The event id after which to begin; None for what comes from now on.
        records: The records that the object must be among; None for any.
        tells_of_others: Whether also events of other objects are told.
        answered_by: What an answer depends on beside the event and the caller: all of the request
            but where it begins.
    """

    field: FollowedField
    variables: Mapping[str, Any]
    passes: Passes
    after: str | None
    records: ListedRecords | None
    tells_of_others: bool
    answered_by: Hashable

    @classmethod
    def of_operation(cls, schema: GraphQLSchema, binder: Binder, request: Request) -> Self:
        """What an operation follows, which validation has found to have one root field.

        Raises:
            BadInput: when a variable or an argument cannot be used, or the field is conditional.
        """
        node = request.operation.selection_set.selections[0]
        if not isinstance(node, FieldNode) or node.name.value not in FOLLOWED:
            raise BadInput("Select the field of the subscription directly, not in a fragment.")
        definitions = request.operation.variable_definitions or ()
        try:
            variables = get_variable_values(schema, definitions, request.variables or {})
            if isinstance(variables, list):
                raise variables[0]
            root = schema.subscription_type
            assert root is not None  # noqa: S101 -- the document is valid
            arguments = binder.read_arguments(root.fields[node.name.value], node, variables)
        except GraphQLError as error:
            raise BadInput(error.message) from error
        field = FOLLOWED[node.name.value]
        return cls(
            field,
            variables.coerced,
            field.passes(arguments),
            arguments.get("after"),
            field.filter(arguments),
            bool(arguments.get("include_not_matching")),
            _answered_by(request, node),
        )

    async def tells(self, event: StoredEvent, context: Context) -> bool:
        """Whether an event that `passes` is told, by its object as it is now."""
        if self.records is None:
            return True
        key = self.records, event.object_id
        record = await ListedRecordLoader.of(context).load(key)
        return record is not None or self.tells_of_others

    def payload_of(self, event: StoredEvent) -> Change:
        """An event as the operation prints it."""
        return self.field.payload_of(event)


def _answered_by(request: Request, node: FieldNode) -> Hashable:
    variables = dict(request.variables or {})
    for argument in node.arguments or ():
        if argument.name.value == "after" and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            uses = _Uses(name)
            visit(request.document.node, uses)
            if uses.number == 1:
                variables.pop(name, None)
    return request.document.text, request.name, repr(variables)


class _Uses(Visitor):
    """Counts the uses of a variable in a document."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.number = 0

    def enter_variable_definition(self, *_: object) -> VisitorAction:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.number += node.name.value == self._name
