"""API keys that are limited to kinds of objects, and how they are refused."""

from collections.abc import Mapping
from typing import Any

from gql.accounts.api_keys import issue_key
from gql.database import Database
from gql.kinds import Kind, Level, access_of


async def key_for(
    database: Database, levels: Mapping[Kind, Level], user: int | None = None
) -> dict[str, str]:
    """The headers of a new key of the owner."""
    _, key = await issue_key(
        database, 1, name="Limited", permissions=(), kinds=access_of(levels), user_id=user
    )
    return {"Authorization": f"Bearer {key}"}


def only_refused(answer: dict[str, Any]) -> bool:
    """Whether an answer is a refusal for want of kinds, and nothing else at all."""
    errors = answer.get("errors", [])
    codes = {each["extensions"]["code"] for each in errors}
    return set(answer) == {"errors"} and codes == {"FORBIDDEN"}
