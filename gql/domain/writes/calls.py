"""Calls: the free-form data that callers keep with one."""

from collections.abc import Mapping
from typing import Any

from gql.domain.calls import CALLS
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import lock, update_row
from gql.domain.writes.transaction import transaction
from gql.domain.writes.validation import ProblemList
from gql.query.context import Context


async def merge_call_meta(context: Context, call_id: int, patch: Mapping[str, Any]) -> None:
    """Set top-level keys of a voice call's metadata; a key whose value is null is removed.

    Raises:
        NotFound: when the organization has no such voice call.
        Invalid: when the patch is not a JSON object that can be kept.
    """
    async with transaction(context) as write:
        call = await lock(write, CALLS, call_id)
        problems = ProblemList()
        problems.check_json_object(("metadata",), patch)
        problems.raise_if_any()
        old: dict[str, Any] = call.call_meta or {}
        merged = {**old, **patch}.items()
        new = {key: value for key, value in merged if value is not None or key not in patch}
        if new == old:
            return
        problems.check_json_object(("metadata",), new)
        problems.raise_if_any()
        await update_row(write, CALLS, call_id, {"call_meta": new})
        await audit(
            write,
            "call.update_meta",
            call_id,
            before={key: old[key] for key in patch if key in old},
            after={key: new[key] for key in patch if key in new},
        )
