"""`POST /hooks/{source}/{endpoint}`: a platform delivers a webhook.

The order matters: the size, the raw bytes, the signature over them, and only then the inbox, from
which the delivery is applied in the background. A badly signed one is answered 401 without the
reason, and not stored: else anybody could fill the table.
"""

import logging
import math
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gql.accounts.hook_endpoints import StoredEndpoint, find_endpoint
from gql.accounts.secret_box import SecretBox
from gql.database import DatabaseAccess
from gql.errors import GatewayError, PayloadTooLarge
from gql.http.body import drain, read_raw_body
from gql.http.headers import headers_by_name
from gql.http.loop_task import charge_to_organization
from gql.http.refusal import refusal
from gql.ingest.endpoints import check_signature
from gql.ingest.inbox import Received, store
from gql.ingest.signatures import BadSignatureError, Delivery
from gql.ingest.sources import SOURCE_BY_NAME
from gql.ingest.sources.source import Source
from gql.operation_queues import OperationQueues
from gql.settings import Settings
from gql.stores import RateLimits

COUNTED_BYTES = 65_536
"""A delivery counts once against the limit of its endpoint for each so many bytes."""

LONGEST_DROPPED = 100_000_000
"""Most bytes that are read of a body that is not stored."""

POINTS = 1
"""The cost of storing a delivery, in the queue of its organization."""

_log = logging.getLogger(__name__)


class HookReceiver:
    """One per process.

    Args:
        lookups: Where endpoints are looked up.
        database: Where deliveries are stored.
        settings: The public address, and the key of the secrets.
        rate_limits: Counts the deliveries of each endpoint.
        queues: Where storing waits for the work of other organizations.
        on_stored: Called with the organization of each delivery that was stored.
    """

    def __init__(
        self,
        lookups: DatabaseAccess,
        database: DatabaseAccess,
        settings: Settings,
        rate_limits: RateLimits,
        queues: OperationQueues,
        on_stored: Callable[[int], None],
    ) -> None:
        self._lookups = lookups
        self._database = database
        self._public_url = settings.public_url
        self._box = SecretBox.of(settings)
        self._rate_limits = rate_limits
        self._queues = queues
        self._on_stored = on_stored

    @property
    def routes(self) -> tuple[Route, ...]:
        return (Route("/hooks/{source}/{endpoint}", self._receive, methods=["POST"]),)

    async def _receive(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except GatewayError as error:
            return refusal(error)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _answer(self, request: Request) -> Response:
        source = SOURCE_BY_NAME.get(request.path_params["source"])
        endpoint = await self._endpoint(source, request.path_params["endpoint"])
        if source is None or endpoint is None:
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        reply = Response(source.reply.body, media_type=source.reply.media_type)
        try:
            body = await read_raw_body(request.scope, request.receive, source.most_bytes)
        except PayloadTooLarge:
            if source.dropped is None:
                raise
            await drain(request.receive, LONGEST_DROPPED)
            _log.warning("dropped a delivery of %s that is too long", source.name)
            return reply
        delivery = Delivery(self._signed_url(request), _headers(request), body)
        try:
            check_signature(endpoint, self._box, delivery)
        except BadSignatureError as error:
            _log.warning("refused a delivery to webhook endpoint %d: %s", endpoint.id, error)
            return JSONResponse({"detail": "The signature is not valid."}, status_code=401)
        await charge_to_organization(request.scope, endpoint.organization_id)
        allowance = self._rate_limits.of_endpoint(endpoint.organization_id, endpoint.id)
        allowance.use_request(max(1, math.ceil(len(body) / COUNTED_BYTES)))
        if source.dropped is None or source.dropped.match(body) is None:
            path_query = _path_query(request)
            received = Received(endpoint, request.method, path_query, delivery.headers, body)
            async with self._queues.hold(endpoint.organization_id, POINTS):
                await store(self._database, received)
            self._on_stored(endpoint.organization_id)
        return reply

    async def _endpoint(self, source: Source | None, public_id: str) -> StoredEndpoint | None:
        if source is None:
            return None
        endpoint = await find_endpoint(self._lookups, public_id)
        is_usable = endpoint is not None and endpoint.is_active and endpoint.source == source.name
        return endpoint if is_usable else None

    def _signed_url(self, request: Request) -> str:
        """The address that the platform has called, which some platforms sign."""
        if self._public_url is not None:
            return str(self._public_url).rstrip("/") + _path_query(request)
        return f"{request.url.scheme}://{request.headers.get('host', '')}{_path_query(request)}"


def _path_query(request: Request) -> str:
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    query = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _headers(request: Request) -> dict[str, str]:
    headers = headers_by_name(request.scope)
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
