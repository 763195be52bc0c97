"""What a webhook subscription is checked by before it is saved."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gql.identity import Identity


@dataclass(frozen=True)
class WebhookChecks:
    """Checks that know the settings or the schema, which writes do not.

    Attributes:
        url: Passes for a URL that webhooks may be sent to; raises `BadInput` for any other.
        document: Passes for a document that can be answered for each event, as this caller; raises
            `BadInput` for any other.
    """

    url: Callable[[str], None]
    document: Callable[[str, Identity], Awaitable[None]]
