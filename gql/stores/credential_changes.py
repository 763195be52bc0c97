"""Has every process verify the credentials of an organization anew once one was revoked.

Processes cache verified credentials for some seconds (`gql/auth/credential_cache.py`). The writes
that revoke a key, end a login or change a password note the organization on their transaction, and
after its commit the organization's id goes to all processes. A message that is lost costs the
seconds of the cache.
"""

from collections.abc import Callable, Collection

from gql.stores.process_messages import ProcessMessages

TOPIC = "credentials"

Forget = Callable[[int | None], None]
"""Forgets the cached credentials of an organization, or of all."""


class CredentialChanges:
    """One per process.

    Args:
        messages: To the other processes; without a channel, each finds out when its cache expires.
    """

    def __init__(self, messages: ProcessMessages) -> None:
        self._messages = messages
        self._forget: Forget | None = None

    @property
    def is_listening(self) -> bool:
        """Whether what others revoke arrives here at once."""
        return self._messages.is_listening

    @property
    def received(self) -> int:
        """How many messages have come."""
        return self._messages.received[TOPIC]

    def forget_by(self, forget: Forget) -> None:
        """Who has credentials cached in this process."""
        self._forget = forget
        self._messages.listen_for(TOPIC, forget)

    async def publish(self, organizations: Collection[int]) -> None:
        """Forget them here, and tell the others; it never raises."""
        for organization_id in organizations:
            if self._forget is not None:
                self._forget(organization_id)
            await self._messages.send(TOPIC, organization_id)
