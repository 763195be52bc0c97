"""graphql-core's executor, which runs each root field of a mutation in one transaction."""

from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, located_error
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path, Undefined
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gql.domain.writes.transaction import retry_collisions, transaction
from gql.errors import TooLargeForInt, WriteCollision
from gql.identity import Permission
from gql.query.context import Context
from gql.schema.permissions import permission_of
from gql.schema.rendering import root_cause


class MutationExecutor(StrawberryGraphQLCoreExecutionContext):
    """Commits a root field of a mutation once everything that is selected below it has been read.

    So the payload shows what this mutation wrote, and nothing that another one wrote after it. When
    a field below fails, nothing is changed and the mutation fails as a whole: data that was rolled
    back is not shown, and no error follows a change. A number that is too large for the field that
    was selected is no reason to undo what was done.
    """

    async def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> dict[str, Any]:
        """Implements the normal serial execution of the root fields of a mutation.

        https://spec.graphql.org/September2025/#sec-Normal-and-Serial-Execution
        """
        results: dict[str, Any] = {}
        for name, fields in grouped_field_set.items():
            run = partial(
                self.execute_field,
                parent_type,
                source_value,
                fields,
                Path(path, name, parent_type.name),
                position_context,
            )
            if fields[0].node.name.value.startswith("__"):
                result = run()
            else:
                permission = permission_of(parent_type.fields[fields[0].node.name.value])
                result = await self._change(run, permission, fields, name)
            if result is not Undefined:
                results[name] = result
        return results

    async def _change(
        self, run: partial[Any], permission: Permission, fields: FieldDetailsList, name: str
    ) -> Any:
        """The value of a field, which is committed."""
        try:
            return await retry_collisions(partial(self._change_once, run, permission))
        except Exception as error:
            raise located_error(error, [each.node for each in fields], [name]) from error

    async def _change_once(self, run: partial[Any], permission: Permission) -> Any:
        """The value of a field in a transaction of its own.

        Raises:
            Forbidden: when the caller lacks the permission.
            WriteCollision: when it may be tried again.
            GraphQLError: the first error of the field; the others are among the collected ones.
        """
        outer: Context = self.context_value
        errors = self.collected_errors.errors
        count = len(errors)
        try:
            async with transaction(outer, permission) as write:
                self.context_value = write
                result = await run()
                for at, error in enumerate(errors[count:], count):
                    if not isinstance(root_cause(error), TooLargeForInt):
                        raise errors.pop(at)
        except GraphQLError as error:
            if isinstance(root_cause(error), WriteCollision):
                raise WriteCollision from error
            raise
        finally:
            self.context_value = outer
        return result
