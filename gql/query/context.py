"""The context of one operation: who is asking, and what they read through."""

import uuid
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from gql.accounts.secret_box import SecretBox
from gql.database import DatabaseAccess, Snapshot
from gql.errors import GatewayError
from gql.identity import Identity
from gql.operation_queues import OperationQueues
from gql.query.webhook_checks import WebhookChecks
from gql.stores import SmsSessionStore


@dataclass
class Context:
    """What one operation carries; never shared between operations.

    Attributes:
        caller: Who is asking, or why the credential was refused.
        database: For transactions of writes.
        request_id: Printed in the log, in a response header and beside every error.
        sms_sessions: Where the live state of SMS conversations is kept; the process shares it.
        queues: Where its work waits for that of others; None where it has waited as a whole.
        secret_box: Encrypts secrets that are stored; None without a key.
        webhook_checks: Of webhook subscriptions; None where nobody saves any.
        printed_bytes: How long the leaves are that resolvers have printed, about.
        snapshot: Every read of the operation goes through it.
        loaders: What batches keys into statements on the snapshot; see `gql/loaders/loader.py`.
    """

    caller: Identity | GatewayError
    database: DatabaseAccess
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    sms_sessions: SmsSessionStore | None = None
    queues: OperationQueues | None = None
    secret_box: SecretBox | None = None
    webhook_checks: WebhookChecks | None = None
    printed_bytes: int = field(default=0, init=False)
    snapshot: Snapshot = field(init=False)
    loaders: dict[Hashable, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    @property
    def identity(self) -> Identity:
        """Who is asking.

        Raises:
            Unauthenticated: when no valid credential was presented.
        """
        if isinstance(self.caller, GatewayError):
            raise self.caller
        return self.caller

    @property
    def organization_id(self) -> int:
        """The tenant that every statement of the operation is scoped to."""
        return self.identity.organization_id

    def slot(self, points: int, *, has_begun: bool = False) -> AbstractAsyncContextManager[object]:
        """A slot for work that costs so much; see `FairQueue.hold`."""
        if self.queues is None:
            return nullcontext()
        return self.queues.hold(self.organization_id, points, has_begun=has_begun)

    async def refresh(self) -> None:
        """Read from now on what is committed now: after a write, before its answer is read."""
        await self.snapshot.close()
        self._start()

    async def close(self) -> None:
        """End the operation: give its connection back."""
        await self.snapshot.close()

    def _start(self) -> None:
        self.snapshot = self.database.snapshot()
        self.loaders = {}
