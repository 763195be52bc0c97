"""What every store of live SMS sessions offers."""

from collections.abc import Mapping
from typing import Any, Protocol

from gql.database import DatabaseAccess, Snapshot


class SmsSessionStore(Protocol):
    """The state of live conversations, one per customer and assistant, until it expires.

    A phone number counts by its digits: `+1 555 987` and `1555987` are the same customer. Nothing
    of one organization can be seen, counted or ended through the number of another.

    Every method raises `Unavailable` when the store cannot be reached.

    Attributes:
        ttl: Seconds until a state expires after it was last written.
        joins_transactions: Whether changes are part of the database's transaction: then they are
            rolled back with it, and must be made inside. Other stores change at once and for good.
    """

    ttl: int
    joins_transactions: bool

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "SmsSessionStore":
        """The same sessions, through the database and the snapshot of one operation.

        A store in the database then reads what the operation reads, joins its transaction, and
        takes no second connection while it holds one. Any other store returns itself.
        """
        ...

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        """Write the state of a customer and an assistant, whether they had one or not.

        Args:
            organization_id: Whose assistant it is.
            phone_number: The customer's.
            assistant_id: Who talks with them.
            state: A JSON object.

        Raises:
            BadInput: when the phone number has no digits.
        """
        ...

    async def find(
        self, organization_id: int, phone_number: str, assistant_id: int
    ) -> dict[str, Any] | None:
        """The state of a customer and an assistant, or None."""
        ...

    async def count(self, organization_id: int) -> int:
        """How many states of the organization there are."""
        ...

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        """Delete the state of a customer and an assistant; whether there was any."""
        ...

    async def clear(self, organization_id: int) -> int:
        """Delete every state of the organization; how many there were."""
        ...

    async def clean_up(self, organization_id: int) -> int:
        """Delete expired states, which nobody can read any more; how many there were.

        Redis deletes them by itself.
        """
        ...

    async def close(self) -> None:
        """Close connections of the store's own."""
        ...
