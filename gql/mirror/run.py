"""A run of the mirror, and a comparison, over all lists that a server may have."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gql.mirror.call_copy import CALLS, OVERLAP, CallCopy
from gql.mirror.call_reader import CallReader
from gql.mirror.client import SourceClient
from gql.mirror.definitions import ASSISTANTS, FLOWS, GRAPHS, DefinitionCopy
from gql.mirror.lists import FamilyAbsent, PageSizes
from gql.mirror.sessions import SESSIONS, SessionCopy
from gql.mirror.sms_copy import CONVERSATIONS, SmsCopy, SmsReader
from gql.mirror.statement import MirrorStatement
from gql.mirror.target import MirrorReport, MirrorTarget
from gql.mirror.verify import CallComparison
from gql.mirror.verify_definitions import DefinitionComparison
from gql.mirror.verify_sms import SmsComparison

Copy = Callable[[], Awaitable[None]]


@dataclass
class Mirror:
    """Copies an organization from a server.

    Attributes:
        client: Of the server.
        target: Where it is copied to.
        since: Calls that began before are left out; None goes on from the last run, or reads all.
        overlap: How long before the last run what began then is read again.
    """

    client: SourceClient
    target: MirrorTarget
    since: datetime | None = None
    overlap: timedelta = OVERLAP
    _sizes: PageSizes = field(default_factory=PageSizes, init=False)

    async def run(self) -> MirrorReport:
        """Copy what is new, has changed or has vanished since the last run.

        Raises:
            SourceFailure: when the server does not answer; the next run goes on from there.
        """
        definitions = DefinitionCopy(self.client, self._sizes, self.target)
        calls = CallCopy(
            CallReader(self.client), self._sizes, self.target, self.since, self.overlap
        )
        copies: dict[str, Copy] = {
            ASSISTANTS: definitions.copy_assistants,
            GRAPHS: definitions.copy_graphs,
            FLOWS: definitions.copy_flows,
            CALLS: calls.run,
            SESSIONS: SessionCopy(self.client, self._sizes, self.target, self.overlap).run,
            CONVERSATIONS: SmsCopy(
                SmsReader(self.client, self._sizes), self.target, self.overlap
            ).run,
        }
        for collection, copy in copies.items():
            try:
                await copy()
            except FamilyAbsent:
                self.target.report.absent_families.append(collection)
        return self.target.report


async def compare_sides(
    client: SourceClient,
    target: MirrorTarget,
    *,
    server: str,
    at: datetime,
    since: datetime | None = None,
) -> MirrorStatement:
    """Compare what a server has with what is stored.

    Args:
        client: Of the server.
        target: Whose rows.
        server: The address, as the statement names it.
        at: When the comparison is made.
        since: Calls that began before are left out.

    Raises:
        SourceFailure: when the server does not answer.
    """
    statement = MirrorStatement(at, server, target.organization_id, target.source, since)
    sizes = PageSizes()
    definitions = DefinitionComparison(client, sizes, target, statement)
    comparisons: dict[str, Copy] = {
        ASSISTANTS: definitions.compare_assistants,
        GRAPHS: definitions.compare_graphs,
        FLOWS: definitions.compare_flows,
        CALLS: CallComparison(CallReader(client), sizes, target, statement, since).run,
        SESSIONS: definitions.compare_sessions,
        CONVERSATIONS: SmsComparison(SmsReader(client, sizes), target, statement, since).run,
    }
    for collection, compare_all in comparisons.items():
        try:
            await compare_all()
        except FamilyAbsent:
            statement.notes.append(f"The server has no {collection}.")
    return statement
