"""graphql-core's executor, which counts what it prints and fails as soon as that is too long."""

from typing import Any

import orjson
from graphql import GraphQLLeafType

from gql.errors import AnswerTooLong, GatewayError
from gql.query.context import Context
from gql.schema.mutation_executor import MutationExecutor
from gql.steps import pause_if_long


def executor_bounded_to(max_bytes: int) -> type[MutationExecutor]:
    """An executor whose leaves print at most so many bytes, about.

    Every leaf beyond that fails with `AnswerTooLong`, so that no more memory is taken, and with it
    the request. Keys, commas and escapes are not counted, as they are the work of
    the printer, which tells the exact length.
    """

    class BoundedExecutor(MutationExecutor):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            # A mutation puts another context in its place while it writes.
            self._operation: Context = self.context_value

        def complete_leaf_value(  # type: ignore[override]  # static there, and called on `self`
            self, return_type: GraphQLLeafType, result: Any
        ) -> Any:
            pause_if_long()
            value = MutationExecutor.complete_leaf_value(return_type, result)
            operation = self._operation
            if isinstance(value, str):
                operation.printed_bytes += len(value)
            elif isinstance(value, (dict, list)):
                operation.printed_bytes += len(orjson.dumps(value))
            if operation.printed_bytes > max_bytes:
                raise AnswerTooLong
            return value

        def handle_field_error(self, raw_error: Exception, *field: Any) -> None:
            """Collect an error, and let the event loop go round.

            The frames of an error meant for the caller, which nobody prints, held whatever was
            read for a thousand of them until a collection of garbage.
            """
            pause_if_long()
            if isinstance(raw_error, GatewayError):
                raw_error.with_traceback(None)
            super().handle_field_error(raw_error, *field)

    return BoundedExecutor
