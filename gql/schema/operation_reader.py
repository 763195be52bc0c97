"""Reads the operation of a request: its valid document, what it costs, and who may run it."""

from graphql import GraphQLSchema, OperationType

from gql.engine.document import Request
from gql.errors import BadRequest, MethodNotAllowed
from gql.http.media_types import EVENT_STREAM
from gql.identity import Identity, Permission
from gql.schema.documents import Documents, choose_operation
from gql.schema.kind_checks import KindChecks
from gql.schema.permissions import least_permission
from gql.schema.query import NODE_TYPES
from gql.schema.received import ReceivedRequest
from gql.settings import Settings


class OperationReader:
    """Reads the operations of all doors.

    Args:
        schema: What documents are of.
        documents: Those that are valid.
        settings: The limits of a request.
    """

    def __init__(self, schema: GraphQLSchema, documents: Documents, settings: Settings) -> None:
        self._schema = schema
        self._kinds = KindChecks(schema, NODE_TYPES)
        self._documents = documents
        self._settings = settings

    async def read(
        self, received: ReceivedRequest, *, follows: bool = False
    ) -> tuple[Request, int]:
        """The parsed request, and what it costs.

        It has a valid document, and an operation in it that the caller may run.

        Args:
            received: The request.
            follows: Whether its client accepts the events of a subscription.

        Raises:
            Refused: when there is no GraphQL request in it.
            InvalidDocument: when its document cannot run, or not with the caller's levels per kind
                of object.
            Forbidden: when the credential lacks the permission.
            MethodNotAllowed: when a mutation came by GET.
            BadRequest: when it is a subscription, and the client does not accept events.
        """
        parsed = received.parse(self._settings)
        document = self._documents.get(parsed.document)
        if document is None:
            organization_id = received.caller.organization_id
            document = await self._documents.validate(parsed.document, organization_id)
        operation = document.operations.get(parsed.operation_name)
        if operation is None:
            operation = choose_operation(document.node, parsed.operation_name)
            document.operations[parsed.operation_name] = operation
        request = Request(document, operation, parsed.variables)
        points = await self._documents.check_cost(request)
        self._permit(received.caller, request, received.method, follows=follows)
        await self._kinds.check(received.caller, request)
        return request, points

    def knows_document(self, received: ReceivedRequest) -> bool:
        """Whether the document of a request has been validated before.

        Raises:
            Refused: when there is no GraphQL request in it.
        """
        return received.parse(self._settings).document in self._documents

    def _permit(self, caller: Identity, request: Request, method: str, *, follows: bool) -> None:
        """Pass when the caller may run the operation by this HTTP method.

        It is decided once, not per field; a mutation that needs more than others asks for it.

        Raises:
            Forbidden: when the credential lacks the permission.
            MethodNotAllowed: when a mutation came by GET.
            BadRequest: when it is a subscription, and the client does not accept events.
        """
        operation = request.operation
        if operation.operation == OperationType.SUBSCRIPTION and not follows:
            raise BadRequest(
                f"Send subscriptions over a WebSocket, or with the header `Accept: {EVENT_STREAM}`."
            )
        if operation.operation != OperationType.MUTATION:
            caller.require(Permission.READ)
            return
        if method != "POST":
            raise MethodNotAllowed(
                f"Send mutations by POST: a {method} must not change anything.", "POST"
            )
        caller.require(least_permission(self._schema, request.document.node, operation))
