"""What every store of live SMS sessions offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gql.database import DatabaseAccess, Snapshot
from gql.models.call import phone_digits

CONVERSATION = "conversation_id"
"""The key of a state under which a refreshed session has its conversation."""


@dataclass(frozen=True, slots=True)
class SmsActivity:
    """A conversation between a customer and an assistant goes on.

    Attributes:
        phone_number: The customer's.
        assistant_id: Who talks with them.
        conversation_id: The id of the call.
        at: When its newest message was written.
    """

    phone_number: str
    assistant_id: int
    conversation_id: int
    at: datetime


def newest_of_pairs(activities: Sequence[SmsActivity]) -> list[SmsActivity]:
    """The newest activity of each customer and assistant, in the order of their numbers."""
    newest: dict[tuple[str, int], SmsActivity] = {}
    for each in sorted(activities, key=lambda each: (each.at, each.conversation_id)):
        newest[phone_digits(each.phone_number), each.assistant_id] = each
    return [newest[pair] for pair in sorted(newest)]


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

    async def refresh(self, organization_id: int, activities: Sequence[SmsActivity]) -> None:
        """Have sessions live until `ttl` seconds after a message, if they would end before that.

        The state of a session of the same conversation stays as it is. A new session, and one of
        another conversation, has `{"conversation_id": ...}`. A message that is older than what the
        session had changes nothing, and neither does one that is older than `ttl`.

        Args:
            organization_id: Whose assistants they are.
            activities: Any number of them, at the cost of one statement or round trip.
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
