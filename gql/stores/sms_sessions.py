"""What every store of live SMS sessions does, wherever it keeps them."""

from collections.abc import Mapping
from typing import Any, Protocol

from gql.database import DatabaseAccess, Snapshot


class SmsSessions(Protocol):
    """The state of live conversations, one per customer and assistant, until its time runs out.

    A phone number counts by its digits: `+1 555 987` and `1555987` are the same customer. Nothing
    of one organization can be seen, counted or ended through the number of another.

    Every method raises `Unavailable` when the store cannot be reached.

    Attributes:
        ttl: Seconds that a state lives after it was last kept.
        joins_transactions: Whether changes are part of the database's transaction: then they are
            undone with it, and must be made inside. Other stores change at once and for good.
    """

    ttl: int
    joins_transactions: bool

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "SmsSessions":
        """The same sessions, through the database and the snapshot of one operation.

        So a store in the database reads what the operation reads, joins its transaction, and takes
        no second connection while it holds one. Any other store is as it was.
        """
        ...

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        """Keep the state of a pair, whether it had one or not; its time begins anew.

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
        """The state of a pair, or None."""
        ...

    async def count(self, organization_id: int) -> int:
        """How many pairs of the organization have a state."""
        ...

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        """Forget the state of one pair; whether there was any."""
        ...

    async def clear(self, organization_id: int) -> int:
        """Forget every state of the organization; how many there were."""
        ...

    async def clean_up(self, organization_id: int) -> int:
        """Remove what has run out and still takes space; how many that were.

        Nobody could see them any more. A store that expires by itself has none.
        """
        ...

    async def close(self) -> None:
        """Let go of what the store holds open."""
        ...
