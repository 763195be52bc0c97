"""Assistants: created, changed and deleted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.graphs import GRAPHS, NODES
from gql.domain.writes.audit import audit, logged
from gql.domain.writes.columns import check_columns, column_checks, defaults_of
from gql.domain.writes.graph_sessions import rename_speaker
from gql.domain.writes.rows import delete_row, insert_row, lock, update_row
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import InUse
from gql.models.assistant import Assistant
from gql.models.enums import Channel
from gql.models.scope import owned
from gql.models.types import now
from gql.query.context import Context

MAX_NAMED = 10
"""Most graphs that a refused deletion names."""

_CALLS = CALLS.table

_NONE: Mapping[str, Any] = {}

_CHECKS = column_checks(Assistant, not_written=("user_id",))


async def create_assistant(
    context: Context, values: Mapping[str, Any], *, settings: Mapping[str, Any] = _NONE
) -> int:
    """The id of a new assistant.

    Args:
        context: Of the caller, who becomes the assistant's `user_id`.
        values: By column; `name` is required.
        settings: Members of the column `settings`, beside those in `values`.

    Raises:
        Invalid: when a value cannot be used; nothing is written.
    """
    async with transaction(context) as write:
        problems = ProblemList()
        values = {**values, **_with_members(values, {}, settings, merge=False)}
        if "name" not in values:
            problems.add(("name",), "is required", "REQUIRED")
        check_columns(problems, _CHECKS, values)
        problems.raise_if_any()
        instant = now()
        row = {
            **defaults_of(Assistant, _CHECKS),
            **values,
            "user_id": write.identity.user_id,
            "created_at": instant,
            "updated_at": instant,
        }
        assistant_id = await insert_row(write, ASSISTANTS, row)
        await audit(write, "assistant.create", assistant_id, after=logged(values))
        return assistant_id


async def update_assistant(
    context: Context,
    assistant_id: int,
    changes: Mapping[str, Any],
    *,
    settings: Mapping[str, Any] = _NONE,
    merge_settings: bool = False,
) -> None:
    """Set columns; `settings` as a whole, or merged into those that are there.

    Args:
        context: Of the caller.
        assistant_id: Which.
        changes: By column.
        settings: Members of the column `settings` to set beside the changes; null removes one.
        merge_settings: Whether objects are laid over those that are there, and do not replace them.

    Raises:
        NotFound: when the organization has no such assistant.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        assistant = await lock(write, ASSISTANTS, assistant_id)
        problems = ProblemList()
        check_columns(problems, _CHECKS, changes)
        problems.raise_if_any()
        new = dict(changes)
        if merge_settings and "settings" in new:
            new["settings"] = _merged(assistant.settings, new["settings"])
        new |= _with_members(new, assistant.settings, settings, merge=merge_settings)
        check_columns(problems, _CHECKS, {"settings": new.get("settings", {})})
        problems.raise_if_any()
        changed = {
            column: value for column, value in new.items() if value != getattr(assistant, column)
        }
        if not changed:
            return
        await update_row(write, ASSISTANTS, assistant_id, changed | {"updated_at": now()})
        if "name" in changed:
            await rename_speaker(write, changed["name"], NODES.table.c.assistant_id == assistant_id)
        before = logged({column: getattr(assistant, column) for column in changed})
        await audit(write, "assistant.update", assistant_id, before=before, after=logged(changed))


async def delete_assistant(context: Context, assistant_id: int) -> str:
    """Delete an assistant that no node has; its calls keep its id and its name.

    Returns:
        What it was called.

    Raises:
        NotFound: when the organization has no such assistant.
        InUse: when nodes have it; the message names their graphs.
    """
    async with transaction(context) as write:
        assistant = await lock(write, ASSISTANTS, assistant_id)
        await _refuse_in_use(write, assistant)
        # Every channel, so the condition excludes nothing; but the index begins with the channel.
        await write.run(
            update(_CALLS)
            .where(
                owned(_CALLS, write.organization_id),
                _CALLS.c.channel.in_([str(channel) for channel in Channel]),
                _CALLS.c.assistant_id == assistant_id,
                _CALLS.c.assistant_name.is_(None),
            )
            .values(assistant_name=assistant.name)
        )
        await delete_row(write, ASSISTANTS, assistant_id)
        await audit(write, "assistant.delete", assistant_id, before={"name": assistant.name})
        return str(assistant.name)


async def _refuse_in_use(write: WriteContext, assistant: Row[Any]) -> None:
    graph, node = GRAPHS.table, NODES.table
    statement = (
        select(graph.c.id, graph.c.name)
        .join_from(node, graph, graph.c.id == node.c.graph_id)
        .where(
            node.c.assistant_id == assistant.id,
            owned(node, write.organization_id),
            owned(graph, write.organization_id),
        )
        .distinct()
        .order_by(graph.c.id)
    )
    graphs = (await write.run(statement)).all()
    if not graphs:
        return
    named = ", ".join(f"'{graph.name}' ({graph.id})" for graph in graphs[:MAX_NAMED])
    more = f" and {len(graphs) - MAX_NAMED:,} more" if len(graphs) > MAX_NAMED else ""
    raise InUse(
        f"Assistant '{assistant.name}' cannot be deleted while nodes of these graphs have it:"
        f" {named}{more}"
    )


def _with_members(
    values: Mapping[str, Any], old: Mapping[str, Any], members: Mapping[str, Any], *, merge: bool
) -> dict[str, Any]:
    """The column `settings` with some members set, when there are any; null ones are left out."""
    base = values.get("settings", old)
    if not members or not isinstance(base, Mapping):
        return {}
    new = {key: _merged(base.get(key), value) if merge else value for key, value in members.items()}
    laid = {**base, **new}
    return {"settings": {key: laid[key] for key in laid if laid[key] is not None or key not in new}}


def _merged(old: Any, new: Any) -> Any:
    """`new` laid over `old`, object by object; anything else is replaced."""
    if not isinstance(old, dict) or not isinstance(new, Mapping):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}
