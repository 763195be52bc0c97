"""Who changed what: one row per write, in the transaction of the write."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from gql.database import dump_json
from gql.domain.audit import AUDIT_LOG
from gql.domain.writes.transaction import WriteContext
from gql.models.types import now

LONGEST_VALUE = 500
"""Characters of JSON that a value may take in the log; of a longer one only its length is kept."""


async def audit(
    write: WriteContext,
    action: str,
    object_id: int | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Insert the row of one write.

    Args:
        write: Its transaction.
        action: The noun and the verb: `graph.create`.
        object_id: Of the noun; None for what has no id.
        before: What was, as far as it changed; None for what is new.
        after: What is, as far as it changed; None for what is gone.
    """
    identity = write.identity
    row = {
        "organization_id": identity.organization_id,
        "user_id": identity.user_id,
        "api_key_id": identity.api_key_id,
        "method": identity.method.value,
        "action": action,
        "object_type": action.partition(".")[0],
        "object_id": object_id,
        "before": _brief(before),
        "after": _brief(after),
        "request_id": write.request_id,
        "created_at": now(),
    }
    await write.run(insert(AUDIT_LOG.table).values(row))


def logged(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as the log keeps them: of free-form objects only the keys, in case of secrets."""
    return {
        field: sorted(value) if isinstance(value, Mapping) else value
        for field, value in values.items()
    }


def _brief(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {key: _shortened(value) for key, value in values.items()}


def _shortened(value: Any) -> Any:
    length = len(dump_json(value))
    return value if length <= LONGEST_VALUE else f"({length:,} characters)"
