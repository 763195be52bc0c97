"""GraphQL documents: parsed, checked against the limits and validated once, then cached."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Location,
    OperationDefinitionNode,
    Source,
    StringValueNode,
    Token,
    Visitor,
    VisitorAction,
    specified_rules,
    validate,
    visit,
)
from graphql.language.parser import Parser, nested_too_deeply_error
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from gql.engine.cache import SegmentedCache
from gql.engine.compile_lock import CompileLocks
from gql.engine.document import Document, Request
from gql.engine.fallback import Fallback
from gql.errors import (
    BadRequest,
    GatewayError,
    OperationUnresolved,
    ParseFailed,
    RateLimited,
    TooComplex,
    ValidationFailed,
)
from gql.loop_shares import LoopShares, SharedTask
from gql.queueing import waiting_for_others
from gql.schema.cost import Pricing
from gql.schema.hidden_names import hide_names
from gql.schema.lexer import PatternLexer
from gql.schema.limits import check_limits
from gql.schema.one_of import OneOfVariablesRule, follow_one_of
from gql.schema.operation_cost import OperationCost
from gql.schema.plain_validity import is_plainly_valid
from gql.settings import Settings
from gql.single_flight import SingleFlight
from gql.steps import in_steps, pause_if_long


class PauseRule(ASTValidationRule):
    """Accepts everything, and lets the event loop go round at each node."""

    def enter(self, *_: object) -> None:
        pause_if_long()


RULES: tuple[type[ASTValidationRule], ...] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfVariablesRule,
    PauseRule,
)
"""Every rule of the specification, Strawberry's for arguments that may be left out, and ours."""

DOCUMENTS_BYTES = 80_000_000
"""Roughly how much memory the cached documents of one process may take, with their plans and
statements."""

MOST_COSTS = 8
"""Of how many operations of one document the cost is cached: costs are not weighed."""

MOST_WAITING = 200
"""How many new documents of an organization wait to be validated: at some milliseconds each, about
a second."""

RETRY_AFTER = 1.0
"""Seconds until most of the documents that wait are validated."""

MAX_ERRORS = 20
"""Validation stops after this many errors of one document."""

_MAY_BE_NUL = re.compile(r"\0|\\u(?:0000|\{0+\})")


class InvalidDocument(Exception):  # noqa: N818 -- it is rendered, not raised further
    """A document that cannot run, or not for its caller.

    Attributes:
        kind: Which class of refusal, for code and status.
        errors: What is wrong, with locations.
    """

    def __init__(self, kind: type[GatewayError], errors: Sequence[GraphQLError]) -> None:
        super().__init__(kind.__name__)
        self.kind = kind
        self.errors = errors


class Documents:
    """Valid documents by text, in a cache that is bounded by weight.

    By weight and not by number, as five hundred documents may take 100 KB or 500 MB.

    Args:
        schema: What documents are validated against.
        settings: The limits.
        locks: Held while a document is parsed and validated, which takes milliseconds.
        shares: Of the event loop, which that is charged to.

    Attributes:
        cache: The documents; the engine keeps their plans and statements in them.
    """

    def __init__(
        self, schema: GraphQLSchema, settings: Settings, locks: CompileLocks, shares: LoopShares
    ) -> None:
        follow_one_of(schema)
        self._schema = schema
        self._settings = settings
        self._locks = locks
        self._shares = shares
        self._pricing = Pricing(schema)
        self.cache: SegmentedCache[Document] = SegmentedCache(
            DOCUMENTS_BYTES, lambda document: document.weight
        )
        # A document that nobody waits for any more gives its place in the queue to others.
        self._validations = SingleFlight[tuple[int, str], Document](cancel_abandoned=True)
        self._waiting: Counter[int] = Counter()

    def get(self, text: str) -> Document | None:
        """The cached document."""
        return self.cache.get(text)

    async def validate(self, text: str, organization_id: int) -> Document:
        """The document, parsed, checked and cached, once for all concurrent callers.

        Those of another organization do not share it: they would wait for the share of the first.

        Raises:
            InvalidDocument: when it does not parse or does not fit the schema.
            TooComplex: when it is over a limit.
            IntrospectionDisabled: when it asks for the schema and may not.
            BadRequest: when a string in it holds a NUL character.
            RateLimited: when too many new documents of the organization wait already.
        """
        key = organization_id, text
        validating = partial(self._validate_shared, *key)
        if key in self._validations:
            with waiting_for_others():
                return await self._validations.run(key, validating)
        if self._waiting[organization_id] >= MOST_WAITING:
            raise RateLimited(
                f"{MOST_WAITING} other new documents of your organization wait to be read;"
                " try again in a second.",
                RETRY_AFTER,
            )
        self._waiting[organization_id] += 1
        try:
            with waiting_for_others():
                return await self._validations.run(key, validating)
        finally:
            self._waiting[organization_id] -= 1
            self._waiting += Counter()  # drops the organizations without any

    def cost(self, request: Request) -> OperationCost:
        """What the operation of a request costs; cached with its document."""
        costs: dict[str | None, OperationCost] = request.document.costs
        cost = costs.get(request.name)
        if cost is None:
            if len(costs) >= MOST_COSTS:
                costs.clear()
            cost = costs[request.name] = self._pricing.cost(
                request.document.node, request.operation
            )
        return cost

    async def check_cost(self, request: Request) -> int:
        """What an operation costs, if it may run.

        Raises:
            TooComplex: when it costs too much.
        """
        cost: OperationCost | None = request.document.costs.get(request.name)
        if cost is not None and not cost.schema_values:
            points = cost.cached_points(request.variables or {})
            if points is not None and points <= self._settings.max_cost:
                return points
            if cost.most <= self._settings.max_cost:
                return self._check_cost(request)
        return await in_steps(self._check_cost, request)

    def _check_cost(self, request: Request) -> int:
        return self._pricing.check(request, self.cost(request), self._settings.max_cost)

    async def explain_cost(self, request: Request) -> dict[str, Any]:
        """What an operation costs and may cost, and its heaviest paths, as JSON."""
        return await in_steps(self._explain_cost, request)

    def _explain_cost(self, request: Request) -> dict[str, Any]:
        return {
            "points": self.cost(request).points(request.variables or {}),
            "limit": self._settings.max_cost,
            "resolverLimit": self._settings.max_resolver_cost,
            "heaviest": [
                {"path": path, "points": points} for path, points in self._pricing.heaviest(request)
            ],
        }

    async def check_resolver_cost(self, request: Request, fallback: Fallback) -> None:
        """Check that resolvers may answer an operation, which takes them far longer than a plan.

        What it prints of the schema takes them no longer, and has a limit of its own.

        Args:
            request: What is to run.
            fallback: Why resolvers answer it.

        Raises:
            TooComplex: when it costs too much for them.
        """
        limit = self._settings.max_resolver_cost
        reason = f" where resolvers answer ({fallback.explanation})"
        cost = self.cost(request).without_schema
        await in_steps(partial(self._pricing.check, request, cost, limit, reason=reason))

    def __contains__(self, text: str) -> bool:
        return text in self.cache

    def size(self) -> tuple[int, float]:
        """How many documents are cached, and about how many bytes they take."""
        return len(self.cache), self.cache.weight

    async def _validate_shared(self, organization_id: int, text: str) -> Document:
        """Validate a document in a task of its own."""
        work = self._validate_locked(organization_id, text)
        return await SharedTask(self._shares, self._shares.of(organization_id), work)

    async def _validate_locked(self, organization_id: int, text: str) -> Document:
        async with self._locks.of(organization_id):
            return await in_steps(self._parse_and_check, text)

    def _parse_and_check(self, text: str) -> Document:
        node = self._parse(text)
        self._check(text, node)
        document = Document(text, node)
        self.cache.put(text, document)
        return document

    def _parse(self, text: str) -> DocumentNode:
        limit = self._settings.max_tokens
        try:
            document = parse_document(text, limit)
        except GraphQLSyntaxError as error:
            if error.message.endswith("Parsing aborted."):
                raise TooComplex(error.message.removeprefix("Syntax Error: ")) from None
            raise InvalidDocument(ParseFailed, [error]) from None
        if _MAY_BE_NUL.search(text):
            visit(document, _RefuseNul())
        return document

    def _check(self, text: str, document: DocumentNode) -> None:
        try:
            check_limits(document, self._settings)
        except GraphQLError as error:
            raise InvalidDocument(ValidationFailed, [error]) from None
        if is_plainly_valid(self._schema, document):
            return
        hide = not self._settings.suggestions
        errors = validate(self._schema, document, RULES, MAX_ERRORS, hide_suggestions=hide)
        if errors and self._settings.hides_names:
            errors = hide_names(errors, text)
        if errors:
            raise InvalidDocument(ValidationFailed, errors)


class _Position(Location):
    """Where a node is written, without the tokens that it begins and ends with."""

    __slots__ = ()

    def __init__(self, start: int, end: int, source: Source) -> None:
        self.start, self.end, self.source = start, end, source


class _PausingParser(Parser):
    """Lets the event loop go round at each token, and keeps none of them.

    Tokens point to each other, and the locations of nodes to their tokens. So a third of what a
    document took was tokens, which nobody looks at again, and freeing it needed a collection of
    garbage, in which the event loop stands still. Without them it is freed with its last reference.
    """

    def advance_lexer(self) -> None:
        pause_if_long()
        super().advance_lexer()
        lexer = self._lexer
        lexer.last_token.next = lexer.token.prev = None

    def loc(self, start_token: Token) -> Location:
        lexer = self._lexer
        return _Position(start_token.start, lexer.last_token.end, lexer.source)


def parse_document(text: str, limit: int) -> DocumentNode:
    """What `graphql.parse` returns and raises, of a document with so many tokens and comments."""
    source = Source(text)
    parser = _PausingParser(
        source, lexer=PatternLexer(source), max_lexical_tokens=limit, max_comments=limit
    )
    try:
        return parser.parse_document()
    except RecursionError:
        pass
    raise nested_too_deeply_error(parser)


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of a document that a request names: GetOperation of the specification.

    Raises:
        OperationUnresolved: when none has the name, or none was named and there are several.
    """
    operations = [
        definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    names = ", ".join(operation.name.value for operation in operations if operation.name)
    if name is None:
        if len(operations) == 1:
            return operations[0]
        raise OperationUnresolved(
            f"The document has {len(operations)} operations; name one in operationName: {names}."
        )
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise OperationUnresolved(
        f"The document has no operation {name}; it has: {names or 'one without a name'}."
    )


class _RefuseNul(Visitor):
    """Refuses string values with a NUL character, which PostgreSQL cannot store."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> VisitorAction:
        if "\0" in node.value:
            raise BadRequest(
                "The document has a NUL character (\\u0000) in a string; leave it out."
            )
        return None
