"""Which organizations' credentials a transaction changes, for processes that have them cached."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.ext.asyncio import AsyncConnection

OnCredentialChange = Callable[[Collection[int]], Awaitable[None]]
"""Called with the ids of organizations, after the commit; it must not raise."""

_KEY = "jackfield_credential_changes"


def note_credential_change(connection: AsyncConnection, organization_id: int) -> None:
    """Have it announced, once the transaction is committed, that something was revoked."""
    connection.info.setdefault(_KEY, set()).add(organization_id)


def take_credential_changes(connection: AsyncConnection) -> Collection[int]:
    """The organizations that were noted on this connection; then there are none."""
    organizations: Collection[int] = connection.info.pop(_KEY, ())
    return organizations
