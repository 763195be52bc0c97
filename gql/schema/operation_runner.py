"""Runs queries and mutations: answers from memory, compiled plans, and resolvers for all else."""

from starlette.types import Scope

from gql.engine.answer_cache import AnswerCache
from gql.engine.data_version import VERSION_POINTS, VersionedStatement, split_stamps
from gql.engine.document import Request
from gql.engine.engine import Bound, Engine
from gql.engine.explain import Explanation
from gql.engine.fallback import OFF, AnswerCounts, Fallback
from gql.engine.stamp_reads import StampReads
from gql.errors import BadRequest
from gql.http.entity_tags import BodyHashes, names_version
from gql.operation_queues import OperationQueues
from gql.schema.documents import Documents
from gql.schema.explaining import explained, is_operator
from gql.schema.operation_reader import OperationReader
from gql.schema.received import ReceivedRequest
from gql.schema.rendering import HttpResponse
from gql.schema.resolvers import Resolvers

COST_HEADER = b"jackfield-cost"
"""`1` adds what an operation costs to its answer; `dry-run` answers that and runs nothing."""


class OperationRunner:
    """Runs the operations of all doors, but for subscriptions.

    Args:
        reader: Reads the operation of a request.
        documents: Explains what operations cost.
        resolvers: Run what no plan answers.
        engine: Compiles queries; None where resolvers run everything.
        queues: Where operations wait for each other.
        bodies: Where it is noted which bodies stayed the same as their versions changed.
        answers: Of expensive queries, for whoever asks the same again.

    Attributes:
        engine: The same.
        answers: The same.
        counts: How many operations were answered by a plan, and how many by resolvers.
    """

    def __init__(
        self,
        reader: OperationReader,
        documents: Documents,
        resolvers: Resolvers,
        engine: Engine | None,
        queues: OperationQueues,
        bodies: BodyHashes,
        answers: AnswerCache,
    ) -> None:
        self._reader = reader
        self._documents = documents
        self._resolvers = resolvers
        self._queues = queues
        self._bodies = bodies
        self.engine = engine
        self.answers = answers
        self._stamp_reads = StampReads()
        self.counts = engine.counts if engine else AnswerCounts()

    async def run(self, received: ReceivedRequest, reading: Scope | None = None) -> HttpResponse:
        """Run the operation: by its compiled plan, or by resolvers where there is none.

        Args:
            received: The request.
            reading: The ASGI scope of a request that only reads: its answer has a version, and is a
                304 where the client names that one.
        """
        engine, caller = self.engine, received.caller
        organization_id = caller.organization_id
        request, points = await self._reader.read(received)
        used = 0
        if reading is not None and engine is not None and names_version(reading):
            used = VERSION_POINTS
            _charge(received, request, used)
            tag = await self._named_tag(engine, received, request, reading)
            if tag is not None:
                return HttpResponse.not_modified(received.renderer.media_type, tag)
        versioned, is_cached = None, self.answers.takes(points)
        if engine is not None and is_cached:
            versioned = engine.versioned(request, await engine.bind_request(request, caller))
            if versioned is not None and self.answers.has(versioned, organization_id):
                _charge(received, request, used + VERSION_POINTS, used_before=used)
                used += VERSION_POINTS
                answer = await self._cached(received, versioned)
                if answer is not None:
                    return answer
        _charge(received, request, points, used_before=used)
        # Bound anew once all is charged, as it may show what its caller has left.
        bound = OFF if engine is None else await engine.bind_request(request, caller)
        if isinstance(bound, bytes):  # it needs no connection, so it waits for none
            return await self._finish(received, request, bound)
        if engine is not None and (is_cached or reading is not None):
            versioned = engine.versioned(request, bound)
        async with self._queues.hold(organization_id, points):
            return await self._finish(received, request, bound, versioned, is_cached=is_cached)

    async def run_priced(self, received: ReceivedRequest, header: bytes) -> HttpResponse:
        """The answer of `run` with what it costs, or that alone.

        Raises:
            BadRequest: when the header has another value than the two.
        """
        if header not in {b"1", b"dry-run"}:
            raise BadRequest("The header Jackfield-Cost must be 1 or dry-run.")
        request, _ = await self._reader.read(received)
        cost = await self._documents.explain_cost(request)
        if header == b"1":
            return (await self.run(received)).with_extension("cost", cost)
        answer = HttpResponse(200, received.renderer.media_type, b'{"data":null}')
        return answer.with_extension("cost", cost)

    async def run_explained(self, received: ReceivedRequest) -> HttpResponse:
        """The answer of `run`, with an account of every step at its end."""
        caller, renderer = received.caller, received.renderer
        notes = Explanation(for_operator=is_operator(caller))
        notes.cached["document"] = self._reader.knows_document(received)
        with notes.timed("parse"):
            request, notes.points = await self._reader.read(received)
        _charge(received, request, notes.points)
        # Heavy or not, as an explanation runs the statement once more to account for it.
        async with self._queues.heavy.hold(caller.organization_id):
            if self.engine is None:
                body: bytes | Fallback = self.counts.record_fallback(OFF)
            else:
                request_id = renderer.request_id
                body = await notes.answer(
                    self.engine, received.database, request, caller, request_id
                )
            if isinstance(body, bytes):
                received.log["way"] = "plan"
                return explained(HttpResponse(200, renderer.media_type, body), notes)
            with notes.resolved(body):
                answer = await self._resolvers.answer(request, received, body)
            return explained(answer, notes)

    async def _named_tag(
        self, engine: Engine, received: ReceivedRequest, request: Request, reading: Scope
    ) -> str | None:
        """The tag of what the client has, where that is of the current version."""
        caller, media_type = received.caller, received.renderer.media_type
        versioned = engine.versioned(request, await engine.bind_request(request, caller))
        if versioned is None:
            return None
        stamps = await self._current_stamps(received, versioned)
        if stamps is None:
            return None
        version = versioned.version(stamps, caller.organization_id, media_type)
        tag = self._bodies.named_tag(reading, version)
        if tag:
            received.log["way"] = "version"
        return tag

    async def _current_stamps(
        self, received: ReceivedRequest, versioned: VersionedStatement
    ) -> bytes | None:
        """The stamps by now of what a statement reads; None where they cannot be read."""
        database, organization_id = received.database, received.caller.organization_id

        async def read() -> bytes | None:
            async with self._queues.hold(organization_id, VERSION_POINTS):
                return await versioned.current_stamps(database.fetch_value, organization_id)

        # A request that is read on replicas has a database of its own.
        key = database, organization_id, versioned.stamps.statement.sql
        return await self._stamp_reads.run(key, read)

    async def _cached(
        self, received: ReceivedRequest, versioned: VersionedStatement
    ) -> HttpResponse | None:
        """What answered the same before, where that has not changed."""
        organization_id, media_type = received.caller.organization_id, received.renderer.media_type
        stamps = await self._current_stamps(received, versioned)
        if stamps is None:
            return None
        body = self.answers.get(versioned, organization_id, stamps)
        if body is None:
            return None
        received.log["way"] = "cache"
        self.counts.cached += 1
        version = versioned.version(stamps, organization_id, media_type)
        return HttpResponse(200, media_type, body, version=version)

    async def _finish(
        self,
        received: ReceivedRequest,
        request: Request,
        bound: Bound | Fallback,
        versioned: VersionedStatement | None = None,
        *,
        is_cached: bool = False,
    ) -> HttpResponse:
        """Run what answers a request."""
        engine, renderer = self.engine, received.renderer
        organization_id = received.caller.organization_id
        if engine is None:
            body: bytes | Fallback = self.counts.record_fallback(OFF)
        else:
            body = await engine.answer(
                received.database,
                bound if versioned is None else versioned.bound,
                organization_id,
                renderer.request_id,
            )
        if not isinstance(body, bytes):
            return await self._resolvers.answer(request, received, body)
        received.log["way"] = "plan"
        if versioned is None:
            return HttpResponse(200, renderer.media_type, body)
        stamps, body = split_stamps(body)
        if is_cached:
            self.answers.put(versioned, organization_id, stamps, body)
        version = versioned.version(stamps, organization_id, renderer.media_type)
        return HttpResponse(200, renderer.media_type, body, version=version)


def _charge(
    received: ReceivedRequest, request: Request, points: int, *, used_before: int = 0
) -> None:
    """Charge the caller for an operation, and say in the log which one it is and what it costs.

    Args:
        received: By whom.
        request: The operation.
        points: What it costs, as far as it is known by now.
        used_before: How many of them were charged before.

    Raises:
        RateLimited: when the caller has not so many left.
    """
    received.log_operation(request.name, points)
    received.caller.allowance.use_points(points, used_before=used_before)
